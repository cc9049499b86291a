import { expect, test, vi } from 'vitest';
import {
  buildRawImage,
  directory,
  file,
  noise,
  type RawNode,
} from '../../../../../test/helpers/raw-image.js';
import { romMachine } from '../../../../../test/helpers/emulator.js';
import { isSyscallError } from '../../errno.js';
import type { Process } from '../../process.js';

const SORTED_DIRS = 0x2;
const FSID_VERSION_2 = 0x1;

/** Names of one to eight letters, some twice, some empty, in order or not. */
function randomEntries(seed: number): [string, RawNode][] {
  const bytes = noise(2000, seed);
  let at = 0;
  const next = (limit: number): number => bytes[(at += 1)]! % limit;
  const entries = Array.from({ length: 1 + next(40) }, (): [string, RawNode] => {
    const letters = Array.from({ length: 1 + next(8) }, () => 'abc\xff'[next(4)]!).join('');
    const rawName = new Uint8Array(4 * next(4));
    const node = next(12) === 0 ? file('', { rawName }) : file(letters);
    return [letters, node];
  });
  return next(3) === 0 ? entries : entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

function answer(process: Process, name: string): string {
  try {
    const { ino, size } = process.lstat(`/rom/d/${name}`);
    return `${ino} ${size}`;
  } catch (error) {
    if (isSyscallError(error)) return error.code;
    throw error;
  }
}

test('an index gives what a scan from the first entry on gives', () => {
  const kinds = new Set<string>();
  for (let seed = 1; seed <= 150; seed += 1) {
    const flags = FSID_VERSION_2 | (seed % 2 === 0 ? SORTED_DIRS : 0);
    const entries = randomEntries(seed);
    const { bytes } = buildRawImage({ d: directory(entries) }, { flags });
    const names = ['a', 'b', 'zz', 'aaaa', 'abcab', 'c\xff', ...entries.map(([name]) => name)];
    const indexed = romMachine(bytes).spawn();
    // So many lookups that the rest is answered by the index.
    for (let count = 0; count < 20; count += 1) answer(indexed, `none-${count}`);
    for (const name of names) {
      const scanned = answer(romMachine(bytes).spawn(), name);
      expect([seed, name, answer(indexed, name)]).toEqual([seed, name, scanned]);
      kinds.add(/^\d/.test(scanned) ? 'found' : scanned);
    }
  }
  expect(kinds).toEqual(new Set(['found', 'ENOENT', 'EIO']));
});

test('names in a large directory are not each searched for from its start', () => {
  const count = 100_000;
  const entries = Array.from({ length: count }, (_, index): [string, RawNode] => [
    `f${String(index).padStart(7, '0')}`,
    file(''),
  ]);
  const { bytes } = buildRawImage({ d: directory(entries) }, { flags: FSID_VERSION_2 });
  const machine = romMachine(bytes);
  const process = machine.spawn();
  const reads = vi.spyOn(machine.mounts.at('/rom')!.sb as unknown as { read(): void }, 'read');
  for (let index = 0; index < 2000; index += 1) {
    expect(answer(process, `f${String(index * 50).padStart(7, '0')}`)).not.toBe('ENOENT');
    expect(answer(process, `missing${index}`)).toBe('ENOENT');
  }
  // About ten scans, an index, and a few entries for each name; without the index 400 million.
  expect(reads.mock.calls.length).toBeLessThan(20 * count);
});
