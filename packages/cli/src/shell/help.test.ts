import { expect, test } from 'vitest';
import { optionLines, optionSignature, renderOptions, renderParagraphs, wrap } from './help.js';

const coerce = (given: string): string => given;

test('signatures show letters first, and the values of options', () => {
  const options = {
    json: { type: 'boolean', default: false, describe: '' },
    owner: { type: 'boolean', describe: '' },
    segments: { type: 'boolean', default: true, describe: '' },
    size: { type: 'string', coerce, metavar: 'BYTES', alias: ['b', 'block-size'], describe: '' },
    xip: {
      type: 'string',
      coerce,
      metavar: 'a|b',
      choices: ['a', 'b'],
      implied: 'b',
      describe: '',
    },
    B: { type: 'boolean', default: false, describe: '' },
    allow: { type: 'array', metavar: 'KIND', describe: 'let happen' },
  } as const;
  expect(Object.entries(options).map(([name, option]) => optionSignature(name, option))).toEqual([
    '--json',
    '--[no-]owner',
    '--[no-]segments',
    '-b, --size, --block-size BYTES',
    '--xip[=a|b]',
    '-B',
    '--allow KIND',
  ]);
  expect(optionLines(options).slice(-2)).toEqual([
    ['--allow KIND', 'let happen (repeatable)'],
    ['-h, --help', 'print this help'],
  ]);
});

test('long signatures have their description below', () => {
  const text = renderOptions([
    ['-a', 'one'],
    ['--a-rather-long-option NAME', `two ${'word '.repeat(12)}end`],
  ]);
  expect(text).toBe(
    [
      '  -a                      one',
      '      --a-rather-long-option NAME',
      `${' '.repeat(26)}two word word word word word word word word word word`,
      `${' '.repeat(26)}word word end`,
      '',
    ].join('\n'),
  );
});

test('paragraphs are wrapped at 80 columns', () => {
  const text = renderParagraphs(`${'word '.repeat(30)}\nend\n\nsecond`);
  expect(text.split('\n').every((line) => line.length <= 80)).toBe(true);
  expect(text.endsWith('end\n\nsecond\n')).toBe(true);
});

test('a word that is too long stays whole', () => {
  expect(wrap('a bbbbbb c', 4)).toEqual(['a', 'bbbbbb', 'c']);
});
