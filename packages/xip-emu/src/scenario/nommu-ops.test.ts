import { describe, expect, test } from 'vitest';
import { elfFile } from '../../../../test/helpers/elf-builder.js';
import { buildRawImage, file, noise } from '../../../../test/helpers/raw-image.js';
import { parseScenario } from './parse.js';
import { runScenario, type ScenarioRecord } from './run.js';
import { createWorld } from './world.js';

const PAGE = 4096;

/**
 * The records of a scenario on an image with a file `f` of two pages, direct blocks, and an ELF
 * program without segments.
 */
function run(lines: readonly string[], mmu = false): ScenarioRecord[] {
  const elf = elfFile(64, true, [{ type: 4, flags: 4, offset: 0, filesz: 0 }], noise(300), 3);
  const { bytes } = buildRawImage([
    ['empty.elf', file(elf, { mode: 0o755 })],
    ['f', file(noise(2 * PAGE), { blocks: [{ kind: 'D', align: PAGE }, 'D'] })],
  ]);
  return runScenario(parseScenario(lines.join('\n')), createWorld(bytes, { mmu }));
}

describe('warnings of the kernel end a scenario as `warned`', () => {
  const WARNED = { op: 'scenario-end', kernel: 'warned', umount: 'ok', taint: 512 };
  const OK = { op: 'scenario-end', kernel: 'ok', umount: 'ok', taint: 0 };

  test.each([
    [
      'a hole in an anonymous mapping',
      ['mmap a - 0x3000 rw private,anon 0', 'munmap a 0x1000 0x1000'],
      WARNED,
    ],
    [
      'its head and its tail',
      ['mmap a - 0x3000 rw private,anon 0', 'munmap a 0x2000 0x1000', 'munmap a 0 0x1000'],
      OK,
    ],
    ['more than the page allocator ever gives', ['mmap a - 0x400001 rw private,anon 0'], WARNED],
    ['a copy of that length', ['open 0 f r', 'mmap a 0 0x400001 rw private 0'], WARNED],
    ['as much as it gives', ['mmap a - 0x400000 rw private,anon 0'], OK],
    ['more than 32 bits of it', ['mmap a - 0x100000000 rw private,anon 0'], WARNED],
    [
      'so many pages that the file system counts none',
      ['open 0 f r', 'mmap a 0 0x8000000000000000 r private 0'],
      WARNED,
    ],
    ['a file that is not that long', ['open 0 f r', 'mmap a 0 0x400001 r private 0'], OK],
  ])('%s', (_, lines, end) => {
    expect(run(['mount mtd', ...lines]).at(-1)).toEqual(end);
  });
});

test.each([
  ['mmap a - 0xffffffffffffffff rw private,anon 0', 'ENOMEM'],
  ['mmap a 0 0xffffffffffffffff rw shared 0', 'ENOMEM'],
  ['mmap a 0 0x100000000 rw shared 0', 'EACCES'],
  ['mmap a 0 0x100000000 r private 0', 'EINVAL'],
  ['mmap a 0 0x8000000000000000 r shared 0', 'ENODEV'],
  ['mmap a 0 0x8000000000000000 r shared 2', 'EINVAL'],
  ['mmap a - 0x1000 rw private,anon 0xfffffffffffff', 'EOVERFLOW'],
  ['mmap a - 0x1000 rw private,anon 0xffffffffffffe', 'ok'],
  ['mmap a 0 0x2000 r shared 0xffffffffffffe', 'EOVERFLOW'],
  ['mmap a 0 0x1000 rw private 0xffffffffffffe', 'EINVAL'],
  ['mremap m 0xffffffffffffffff', 'EINVAL'],
  ['munmap f 0 0xffffffffffffffff', 'EINVAL'],
  ['read 0 0x8000000000000000 1', 'EINVAL'],
  ['read 0 0x7fffffffffff0000 1', 'ok'],
  ['read 1 0x8000000000000000 1', 'EINVAL'],
])('numbers near the end of what the kernel counts in: %s', (line, ret) => {
  const records = run([
    'mount mtd',
    'open 0 f r',
    'open 1 /rom r',
    'mmap f 0 0x2000 r private 0',
    'mmap m - 0x1000 rw private,anon 0',
    line,
  ]);
  expect(records.at(-2)?.['ret']).toBe(ret);
});

test.each([
  ['with', true],
  ['without', false],
])('%s an MMU an execve() that fails too late kills the child', (_, mmu) => {
  const records = run(['mount mtd', 'exec empty.elf', 'exec f'], mmu);
  expect(records.filter(({ op }) => op === 'exec-end')).toEqual([
    { n: 2, p: 0, op: 'exec-end', cmd: 'exec empty.elf', ret: 'ok', status: 'signal:SIGSEGV' },
    { n: 3, p: 0, op: 'exec-end', cmd: 'exec f', ret: 'EACCES' },
  ]);
});

test.each([
  ['with', true],
  ['without', false],
])('%s an MMU a script is its interpreter, with more arguments', (_, mmu) => {
  const segments = [{ flags: 5, offset: 0, filesz: PAGE }];
  const { bytes } = buildRawImage([
    ['p', file(elfFile(64, true, segments, noise(2 * PAGE), 3), { mode: 0o755 })],
    ['s', file('#!/rom/p -a b\n', { mode: 0o755 })],
  ]);
  const scenario = parseScenario('mount mtd\nexec s');
  const [, , start, area] = runScenario(scenario, createWorld(bytes, { mmu }));
  expect(start).toEqual({ op: 'x-start', argc: 4, argv0: '/rom/p' });
  expect(area?.['op']).toBe('x-maps');
});

test('a block pointer that leads out of the ROM is mapped, and nobody is there', () => {
  const outside = file(noise(PAGE), { blocks: [{ kind: 'D', pointer: 0xc0000000 + 2 ** 24 }] });
  const { bytes } = buildRawImage({ outside });
  const lines = ['mount mtd', 'open 0 outside r', 'mmap a 0 0x1000 r private 0', 'maps'];
  const map = (...more: string[]): ScenarioRecord[] =>
    runScenario(parseScenario([...lines, ...more].join('\n')), createWorld(bytes, { mmu: false }));
  expect(map().at(-1)).toMatchObject({ kernel: 'ok' });
  expect(map('touch a 0 r', 'sum a 0 16').slice(4, 6)).toMatchObject([
    { ret: 'SIGSEGV', code: 'ACCERR' },
    { ret: 'SIGSEGV', code: 'ACCERR', at: 0 },
  ]);
});
