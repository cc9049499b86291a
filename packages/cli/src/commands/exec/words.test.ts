import { expect, test } from 'vitest';
import { flag, list, text, value } from '../../shell/options.js';
import { execWords } from './words.js';

const options = { quiet: flag('', 'q'), limit: value('', text), run: list('') };
const HERE = import.meta.filename;

function words(line: string): string {
  return execWords(line.split(' '), options).join(' ').replaceAll(HERE, 'IMAGE');
}

test.each([
  [`--run ${HERE} /bin/sh -c x`, '--run= -- IMAGE /bin/sh -c x'],
  [`-q --run ${HERE} /bin/sh`, '-q --run= -- IMAGE /bin/sh'],
  ['--run --limit 5 I /bin/sh --run', '--limit 5 --run= -- I /bin/sh --run'],
  ['--run --limit=5 -q I P', '--limit=5 -q --run= -- I P'],
  ['I P A --run', '--run= -- I P A'],
])('%s executes', (line, expected) => {
  const got = words(line);
  expect(got.split(' ').sort()).toEqual(expected.split(' ').sort());
  expect(got.slice(got.indexOf(' -- '))).toBe(expected.slice(expected.indexOf(' -- ')));
});

test.each([
  'I --run /bin/sh',
  '--run /bin/sh I',
  'I --run 2*/bin/sh --run /bin/ls',
  'I P -- --run',
  `--run ${HERE}`,
  'I P A',
])('%s maps', (line) => {
  expect(words(line)).toBe(line.replaceAll(HERE, 'IMAGE'));
});
