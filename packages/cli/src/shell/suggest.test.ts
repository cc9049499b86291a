import { expect, test } from 'vitest';
import { didYouMean, suggest } from './suggest.js';

const words = ['info', 'ls', 'map', 'mmap', 'extract', '--block-size', '--json'];

test.each([
  ['infoo', 'info'],
  ['ino', 'info'],
  ['ifno', 'info'],
  ['mapp', 'map'],
  ['mmpa', 'mmap'],
  ['extarct', 'extract'],
  ['--blok-size', '--block-size'],
  ['--jsn', '--json'],
])('%s may be %s', (word, expected) => {
  expect(suggest(word, words)).toBe(expected);
  expect(didYouMean(word, words)).toBe(`; did you mean '${expected}'?`);
});

test.each(['frobnicate', 'xyz', '', '--frobnicate'])("'%s' is like none", (word) => {
  expect(suggest(word, words)).toBeUndefined();
  expect(didYouMean(word, words)).toBe('');
});
