import { describe, expect, test } from 'vitest';
import {
  buildDialectImage,
  type DialectDirectory,
} from '../../../../test/helpers/dialect-images.js';
import { concat, noise } from '../../../../test/helpers/raw-image.js';
import { openImage } from '../image.js';
import { portableZlib as zlib } from '../zlib.js';
import { salvageImage } from './salvage.js';

const content = (seed: number): Uint8Array => noise(20_000 + 997 * seed, seed + 1);
const TREE: DialectDirectory = {
  bin: { a: { mode: 0o100755, content: content(1) } },
  etc: { motd: { mode: 0o100644, content: Buffer.from('hello\n') } },
  ...Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [
      `file${index}`,
      { mode: 0o100644, content: content(index) },
    ]),
  ),
};

/** Paths of files that can be read. */
function readable(bytes: Uint8Array): string[] {
  const image = openImage(bytes, { zlib });
  const paths: string[] = [];
  for (const { path, inode } of image.walk(image.root, { onError: () => undefined })) {
    if (inode.type !== 'file') continue;
    try {
      image.readFile(inode);
      paths.push(path);
    } catch {
      // The file is lost.
    }
  }
  return paths;
}

function withSpare(bytes: Uint8Array, data: number, spare: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += data) {
    parts.push(bytes.subarray(at, at + data), noise(spare, at + 1));
  }
  return concat(...parts);
}

describe.each(['little', 'big'] as const)('%s endian', (endianness) => {
  const bytes = buildDialectImage(TREE, { endianness });
  const all = readable(bytes);

  test.each([
    [512, 16],
    [2048, 64],
    [4096, 224],
  ])('spare areas, %i+%i', (data, spare) => {
    const dump = withSpare(bytes, data, spare);
    for (const oob of ['auto', { data, spare }] as const) {
      const { bytes: straight, notes } = salvageImage(dump, { oob, zlib });
      expect(notes).toEqual([`removed ${spare} bytes after every ${data}`]);
      expect(Buffer.compare(straight.subarray(0, bytes.length), bytes)).toBe(0);
    }
    // Without spare areas, none are found.
    expect(salvageImage(bytes, { oob: 'auto', zlib })).toEqual({ bytes, notes: [] });
  });

  test('a superblock that was wiped', () => {
    const wiped = bytes.slice();
    wiped.fill(0xff, 0, 64);
    expect(() => openImage(wiped)).toThrow('no superblock');
    for (const root of ['auto', 76] as const) {
      const { bytes: straight, notes } = salvageImage(wiped, { root, zlib });
      expect(notes[0]).toMatch(new RegExp(`^took the directory at 0x4c .* ${endianness} endian$`));
      expect(readable(straight)).toEqual(all);
    }
    expect(salvageImage(noise(50_000), { root: 'auto', zlib }).notes).toEqual([]);
  });

  test.each([
    ['came in', 0x20000, 0x20000],
    ['came in, small blocks', 0x18000, 0x4000],
    ['is missing', 0x20000, -0x20000],
    ['is missing, small blocks', 0x24000, -0x4000],
  ])('an erase block %s', (_, at, by) => {
    const shifted =
      by > 0
        ? concat(bytes.subarray(0, at), noise(by, 77), bytes.subarray(at))
        : concat(bytes.subarray(0, at), bytes.subarray(at - by));
    const before = readable(shifted);
    const { bytes: straight, notes } = salvageImage(shifted, { shift: true, zlib });
    expect(notes).toHaveLength(1);
    const after = readable(straight);
    expect(after.length).toBeGreaterThan(before.length);
    // All files except those in the missing block or across its borders.
    if (by > 0) expect(after.length).toBeGreaterThanOrEqual(all.length - 1);
    else expect(after.length).toBeGreaterThanOrEqual(all.length - 2 - Math.ceil(-by / 20_000));
  });

  test('a sound image is left as it is', () => {
    const { bytes: same, notes } = salvageImage(bytes, {
      oob: 'auto',
      root: 'auto',
      shift: true,
      zlib,
    });
    expect(same).toBe(bytes);
    expect(notes).toEqual([]);
  });
});
