import { expect, test } from 'vitest';
import { buildRawImage, file, noise } from '../../../../../test/helpers/raw-image.js';
import { parseScenario } from '../../scenario/parse.js';
import { runScenario } from '../../scenario/run.js';
import { createWorld } from '../../scenario/world.js';

const PAGE = 4096;

/** By line: what reads gave (`crc`), else `ret`. `a` and `b` are names of one inode, `c` is not. */
function run(mmu: boolean, lines: readonly string[]): unknown[] {
  const { bytes } = buildRawImage([
    ['a', file(noise(2 * PAGE), { blocks: [{ kind: 'D', align: PAGE }, 'D'] })],
    ['b', file('', { sameAs: '/a' })],
    ['c', file(noise(2 * PAGE))],
    ['damaged', file(noise(PAGE), { blocks: [{ kind: 'C', stored: noise(PAGE) }] })],
  ]);
  const scenario = parseScenario(['mount overlay', ...lines].join('\n'));
  const records = runScenario(scenario, createWorld(bytes, { mmu }));
  return records.slice(1, -1).map(({ crc, ret }) => crc ?? ret);
}

const WRITE_A = ['open 0 a rw', 'write 0 0 100 1'];

test.each([true, false])('names of one lower inode are one file (MMU: %s)', (mmu) => {
  const read = ['open 1 b r', 'read 1 0 100'];
  const before = run(mmu, [...read, ...WRITE_A, 'read 1 0 100', 'read 0 0 100']);
  const [, old, , , seen, written] = before;
  expect(seen, 'b was open before a was copied up').toBe(written);
  expect(seen).not.toBe(old);
  expect(run(mmu, [...WRITE_A, ...read]).at(-1), 'b opened later').toBe(written);
  expect(run(mmu, [...WRITE_A, 'open 1 c r', 'read 1 0 100']).at(-1)).toBe(old);
});

test('a second name is linked in the upper layer, if that can count names', () => {
  const lines = [...WRITE_A, 'open 2 b rw', 'write 2 0 100 2', 'read 0 0 100', 'read 2 0 100'];
  const [, , open, , first, second] = run(true, lines);
  expect(open).toBe('ok');
  expect(first).toBe(second);
  expect(run(false, lines).slice(2, 4), 'ramfs has no attributes').toEqual(['EOPNOTSUPP', 'EBADF']);
});

test('the name that is opened for writing is the one that is copied up', () => {
  expect(run(false, ['open 0 a r', 'open 1 b rw', 'open 2 b rw'])).toEqual(['ok', 'ok', 'ok']);
  expect(run(false, ['open 1 b rw', 'open 0 a rw'])).toEqual(['ok', 'EOPNOTSUPP']);
});

test('without an MMU the copies of names of one inode are shared', () => {
  const maps = ['mmap m 0 0x2000 r private 0', 'mmap n 1 0x1000 r private 0'];
  expect(() => run(false, ['open 0 a r', 'open 1 c r', ...maps])).not.toThrow();
  const records = run(false, ['open 0 a r', 'open 1 b r', ...maps.toReversed()]);
  expect(records).toEqual(['ok', 'ok', 'ok', 'EINVAL']);
});

test.each([true, false])('a failed copy-up leaves nothing there (MMU: %s)', (mmu) => {
  const open = 'open 0 damaged rw';
  expect(run(mmu, [open, open, 'open 0 damaged r', 'read 0 0 1'])).toEqual([
    'EIO',
    'EIO',
    'ok',
    'EIO',
  ]);
});
