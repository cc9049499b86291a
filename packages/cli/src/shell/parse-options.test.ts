import { describe, expect, test } from 'vitest';
import { UsageError } from './errors.js';
import { choice, flag, list, parseBytes, text, value } from './options.js';
import { parseCommandLine } from './parse-options.js';

const options = {
  long: flag('', 'l'),
  recursive: flag('', 'R'),
  owner: { type: 'boolean', describe: '' },
  offset: value('', parseBytes('--offset')),
  directory: value('', text, ['C', 'target']),
  xip: choice('xip', ['none', 'mmu'], '', 'mmu'),
  allow: list('', 'a'),
} as const;

const nothing = {
  long: false,
  recursive: false,
  owner: undefined,
  offset: undefined,
  directory: undefined,
  xip: undefined,
  allow: [],
};

describe('the messages', () => {
  test.each([
    ['a b', {}, ['a', 'b']],
    ['a -lR b', { long: true, recursive: true }, ['a', 'b']],
    ['--long --no-long', { long: false }, []],
    ['--no-owner --owner', { owner: true }, []],
    ['--offset 4K --offset=0x10', { offset: 16 }, []],
    ['-lC x y', { long: true, directory: 'x' }, ['y']],
    ['--target=', { directory: '' }, []],
    ['-C -', { directory: '-' }, []],
    ['-a b --allow=c d', { allow: ['b', 'c'] }, ['d']],
    ['--xip a', { xip: 'mmu' }, ['a']],
    ['--xip none a', { xip: 'none' }, ['a']],
    ['--xip=none', { xip: 'none' }, []],
    ['-l -- --xip -R', { long: true }, ['--xip', '-R']],
    ['-', {}, ['-']],
  ])('%s', (line, values, operands) => {
    expect(parseCommandLine(line.split(' '), options)).toEqual({
      help: false,
      values: { ...nothing, ...values },
      operands,
    });
  });

  test('help goes before everything else, but not after --', () => {
    expect(parseCommandLine(['--nonsense', '-h'], options).help).toBe(true);
    expect(parseCommandLine(['--', '--help'], options).operands).toEqual(['--help']);
  });
});

describe('nonsense', () => {
  test.each([
    ['--lnog', "unknown option: --lnog; did you mean '--long'?"],
    ['--frob=1 --frob -Q --frob', 'unknown options: --frob, -Q'],
    ['-Qxyz', 'unknown option: -Q'],
    ['-long', 'unknown option: -o'],
    ['--no-offset', 'unknown option: --no-offset'],
    ['--offset', '--offset needs a value'],
    ['-C --long', '-C needs a value'],
    ['--long=1', "--long takes no value: '1'"],
    ['--no-long=', "--no-long takes no value: ''"],
    ['--offset -1', "--offset cannot be '-1': use a number such as 512, 0x200 or 64K"],
    ['--xip=yes', "--xip cannot be 'yes': use none, mmu"],
  ])('%s', (line, message) => {
    const parse = (): unknown => parseCommandLine(line.split(' '), options);
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  });
});
