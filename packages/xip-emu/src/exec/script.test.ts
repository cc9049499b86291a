import { nameToBytes } from 'cramfs-format';
import { expect, test } from 'vitest';
import { errnoOf } from '../../../../test/helpers/emulator.js';
import { BINPRM_BUF_SIZE } from './open-exec.js';
import { parseScript } from './script.js';

function parse(text: string): ReturnType<typeof parseScript> {
  const head = new Uint8Array(BINPRM_BUF_SIZE);
  head.set(nameToBytes(text).subarray(0, BINPRM_BUF_SIZE));
  return parseScript(head);
}

test.each([
  ['#!/bin/sh\n', '/bin/sh', undefined],
  ['#!/bin/sh', '/bin/sh', undefined],
  ['#! \t/bin/sh \t\n', '/bin/sh', undefined],
  ['#!/bin/sh -e  -x \t\nsecond line', '/bin/sh', '-e  -x'],
  ['#!/bin/sh\r\n', '/bin/sh\r', undefined],
  ['#!/bin/sh\0 -e\n', '/bin/sh', undefined],
  ['#!/bin/sh -e\0f\n', '/bin/sh', '-e'],
  // Only zeros follow: an empty name.
  ['#!', '', undefined],
  // Only the argument, or blanks, are cut off.
  [`#!/i ${'a'.repeat(300)}\n`, '/i', 'a'.repeat(BINPRM_BUF_SIZE - 1 - 5)],
  [`#!/i${' '.repeat(300)}\n`, '/i', undefined],
  [`#!${'n'.repeat(252)}\n`, 'n'.repeat(252), undefined],
  [`#!${'n'.repeat(253)}\n`, 'n'.repeat(253), undefined],
])('%j', (line, interpreter, argument) => {
  expect(parse(line)).toEqual({ interpreter, argument });
});

test.each(['#!\n', '#! \t \n', `#!${'n'.repeat(254)}\n`, `#!${' '.repeat(300)}/i`])(
  '%j: no name, or one that is cut off',
  (line) => {
    expect(errnoOf(() => parse(line))).toBe('ENOEXEC');
  },
);

test('not a script', () => {
  for (const text of ['', '#', '# !', 'text']) expect(parse(text)).toBeUndefined();
});
