import { readFileSync, readdirSync } from 'node:fs';
import * as archive from 'cramfs-archive';
import * as archiveOfNode from 'cramfs-archive/node';
import * as deflate from 'cramfs-deflate';
import * as elf from 'cramfs-elf';
import * as format from 'cramfs-format';
import * as reader from 'cramfs-reader';
import * as readerOfNode from 'cramfs-reader/node';
import * as builder from 'mkcramfs';
import * as builderOfNode from 'mkcramfs/node';
import { expect, test } from 'vitest';
import * as processors from 'xip-cpu';
import * as emulator from 'xip-emu';
import { readDocument, section, table } from './markdown.js';

type ErrorClass = new (...args: never[]) => Error;

function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === 'function' && value.prototype instanceof Error;
}

/** A class and those that it extends, down to the one that extends an error of JavaScript. */
function baseOf(error: ErrorClass): ErrorClass {
  const parent: unknown = Object.getPrototypeOf(error);
  const isOurs = isErrorClass(parent) && parent !== RangeError && parent !== TypeError;
  return isOurs ? baseOf(parent) : error;
}

test('the errors that the packages export are those of the table', () => {
  const packages = [
    archive,
    archiveOfNode,
    deflate,
    elf,
    format,
    reader,
    readerOfNode,
    builder,
    builderOfNode,
    emulator,
    processors,
  ];
  const exported = packages.flatMap((names) => Object.values<unknown>(names)).filter(isErrorClass);
  const documented = table(section(readDocument('architecture.md'), 'Errors')).map(({ name }) =>
    name!.replaceAll('`', ''),
  );
  for (const error of exported) expect(documented).toContain(baseOf(error).name);
  expect(new Set(exported.map(({ name }) => name)).size).toBeGreaterThan(5);
});

test.each([
  [new format.CramfsError('TOO_BIG', ''), 'CramfsError', 'TOO_BIG'],
  [new format.InvariantError(''), 'InvariantError', 'INVARIANT'],
  [new format.ValueRangeError(''), 'ValueRangeError', 'VALUE_RANGE'],
  [new archive.TarFormatError(''), 'TarFormatError', 'BAD_TAR'],
  [new archive.UnexpectedEnd(), 'UnexpectedEnd', 'UNEXPECTED_END'],
  [new deflate.BlockTooLongError(''), 'BlockTooLongError', 'TOO_LONG'],
  [new emulator.PageSizeError(5000), 'PageSizeError', 'BAD_PAGE_SIZE'],
  [new deflate.InflateError('CUT_OFF', ''), 'InflateError', 'CUT_OFF'],
  [new emulator.SyscallError('EIO'), 'SyscallError', 'EIO'],
  [new emulator.AccessFault('SIGBUS', 'ADRERR', 0), 'AccessFault', 'ADRERR'],
  [new emulator.ExecKilled('ENOEXEC', 'a reason'), 'ExecKilled', 'ENOEXEC'],
  [new emulator.UnmodelledError('it'), 'UnmodelledError', 'UNMODELLED'],
])('%s has a name and a code', (error, name, code) => {
  expect([error.name, error.code]).toEqual([name, code]);
  expect(emulator.isSyscallError(error)).toBe(name === 'SyscallError');
});

test('no module of a package throws a plain error of JavaScript for others to catch', () => {
  const packages = new URL('../../packages/', import.meta.url);
  const throwing = readdirSync(packages)
    .filter((directory) => directory !== 'cli')
    .flatMap((directory) => {
      const source = new URL(`${directory}/src/`, packages);
      return readdirSync(source, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
        .filter((path) => {
          const text = readFileSync(new URL(path, source), 'utf8');
          return /\bthrow new (?:Type|Range)?Error\(/.test(text);
        })
        .map((path) => `${directory}/${path}`);
    });
  // As V8 does when it runs out of memory.
  expect(throwing).toEqual(['cramfs-archive/node/growing-bytes.ts']);
});
