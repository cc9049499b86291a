import { lzmaCompress } from 'cramfs-archive/lzma';
import { describe, expect, test } from 'vitest';
import {
  buildDialectImage,
  openRgBlock,
  stickyExtent,
  swapWordsOf,
  type DialectDirectory,
  type DialectImageOptions,
} from '../../../../test/helpers/dialect-images.js';
import { concat, noise } from '../../../../test/helpers/raw-image.js';
import { openImage } from '../image.js';
import { lzmaInflater as lzma } from '../lzma.js';
import { nodeZlib as zlib } from '../node/zlib.js';
import { salvageImage, type SalvageOptions } from './salvage.js';

/* Each dialect, each byte order, each kind of damage. */

const MODE = 0o100644;
const content = (seed: number): Uint8Array => noise(9000 + 611 * (seed % 17), seed + 1);
const FILES = 30;

function tree(mode: number): DialectDirectory {
  const files = (from: number, to: number): DialectDirectory =>
    Object.fromEntries(
      Array.from({ length: to - from }, (_, index) => [
        `file-${String(from + index).padStart(3, '0')}`,
        { mode, content: content(from + index) },
      ]),
    );
  return {
    bin: files(0, 12),
    etc: { conf: files(12, 16), motd: { mode, content: Buffer.from('hello, world\n') } },
    ...files(16, FILES),
    link: { mode: 0o120777, content: Buffer.from('etc/motd') },
  };
}

const pages: DialectImageOptions['extent'] = (node, free) =>
  (node.mode & 0o170000) === 0o120000 ? free : stickyExtent(node, free);

interface Kind {
  readonly name: string;
  readonly options: DialectImageOptions;
  readonly mode?: number;
  readonly swap?: 2 | 4;
  /** Content that reveals nothing: shifts are not found there. */
  readonly plain?: true;
}

const KINDS: readonly Kind[] = [
  { name: 'standard', options: {} },
  { name: 'old', options: { flags: 0 } },
  {
    name: 'openrg, LZMA',
    options: {
      flags: 0xa003,
      blockSize: 65536,
      compress: (block) => openRgBlock(lzmaCompress(block, 1)),
    },
  },
  { name: 'openrg, zlib', options: { flags: 0x6003, blockSize: 65536 } },
  { name: 'linear-xip', options: { extent: stickyExtent }, mode: 0o101755, plain: true },
  { name: 'asxipfs', options: { flags: 0x803, extent: pages }, mode: 0o101755, plain: true },
  { name: 'jinke', options: { inodeSize: 16 } },
  { name: 'swapped-16', options: {}, swap: 2 },
  { name: 'swapped-32', options: {}, swap: 4 },
];

/** Readable content of files, and targets, by path. */
function readable(bytes: Uint8Array): Map<string, string> {
  const image = openImage(bytes, { zlib, lzma });
  const found = new Map<string, string>();
  for (const { path, inode } of image.walk(image.root, { onError: () => undefined })) {
    try {
      if (inode.type === 'symlink') found.set(path, image.readlink(inode));
      if (inode.type !== 'file') continue;
      found.set(path, Buffer.from(image.readFile(inode)).toString('latin1'));
    } catch {
      // The file is lost.
    }
  }
  return found;
}

/** How many of the entries of `whole` are there, with the same content. */
function saved(bytes: Uint8Array, whole: Map<string, string>): number {
  let count = 0;
  for (const [path, text] of readable(bytes)) {
    if (whole.get(path) === text) count += 1;
  }
  return count;
}

function spared(bytes: Uint8Array, data: number, spare: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += data) {
    parts.push(bytes.subarray(at, at + data), noise(spare, at + 1));
  }
  return concat(...parts);
}

/** Erase blocks that were inserted (a positive length) or are missing, in order of position. */
function shifted(bytes: Uint8Array, shifts: readonly (readonly [number, number])[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [place, by] of shifts) {
    parts.push(bytes.subarray(at, place), noise(Math.max(0, by), place));
    at = place + Math.max(0, -by);
  }
  return concat(...parts, bytes.subarray(at));
}

const ALL: SalvageOptions = { oob: 'auto', root: 'auto', shift: true, zlib };

describe.each(KINDS)('$name', ({ options, mode = MODE, swap, plain = false }) => {
  describe.each(['little', 'big'] as const)('%s endian', (endianness) => {
    const straight = buildDialectImage(tree(mode), { ...options, endianness });
    const bytes = swap === undefined ? straight : swapWordsOf(straight, swap);
    const whole = readable(straight);
    const wiped = bytes.slice();
    wiped.fill(0xff, 0, 64);
    const count = whole.size;

    test('a sound image stays as it is', () => {
      expect(count).toBe(FILES + 2);
      const { bytes: same, notes } = salvageImage(bytes, ALL);
      expect(notes).toEqual([]);
      expect(same).toBe(bytes);
    });

    test('a wiped superblock', () => {
      const { bytes: mended, notes } = salvageImage(wiped, ALL);
      expect(notes[0]).toContain(`${endianness} endian`);
      expect(saved(mended, whole)).toBe(count);
    });

    // In the other byte order, one geometry is enough.
    const geometries = [
      [512, 16] as const,
      ...(endianness === 'little' ? [[2048, 64] as const] : []),
    ];
    test.each(geometries)('spare areas of %i+%i, and a CRC that is wrong', (data, spare) => {
      const broken = bytes.slice();
      broken[bytes.length - 4]! ^= 0x55;
      for (const dump of [broken, wiped]) {
        const { bytes: mended, notes } = salvageImage(spared(dump, data, spare), ALL);
        expect(notes[0]).toBe(`removed ${spare} bytes after every ${data}`);
        expect(saved(mended, whole)).toBe(count);
      }
    });

    test.each([
      [
        'two came in',
        [
          [0x10000, 0x4000],
          [0x20000, 0x8000],
        ],
      ],
      [
        'two are missing',
        [
          [0x10000, -0x4000],
          [0x28000, -0x4000],
        ],
      ],
      [
        'one came in, one is missing',
        [
          [0xc000, 0x4000],
          [0x24000, -0x4000],
        ],
      ],
      [
        'one is missing, one came in',
        [
          [0x10000, -0x4000],
          [0x24000, 0x10000],
        ],
      ],
    ] as const)('erase blocks: %s', (_, shifts) => {
      const dump = shifted(bytes, shifts);
      const before = saved(dump, whole);
      const { bytes: mended, notes } = salvageImage(dump, ALL);
      const after = saved(mended, whole);
      if (plain) {
        expect(after).toBeGreaterThanOrEqual(before);
        return;
      }
      expect(notes).toHaveLength(2);
      // A missing block takes with it the files in it, and those that cross its borders.
      const lost = shifts.filter(([, by]) => by < 0).length * 4;
      expect(after).toBeGreaterThanOrEqual(count - lost - 2);
      if (options.blockSize !== undefined) return;
      const spareDump = spared(dump, 2048, 64);
      expect(saved(salvageImage(spareDump, ALL).bytes, whole)).toBe(after);
    });

    test('cut anywhere', () => {
      for (const part of [0.2, 0.7]) {
        const cut = bytes.subarray(0, Math.floor(bytes.length * part));
        const { bytes: mended } = salvageImage(cut, ALL);
        expect(saved(mended, whole)).toBe(saved(cut, whole));
      }
      for (const length of [0, 1, 63, 64, 75, 76, 100, 512, 600, 1000]) {
        salvageImage(bytes.subarray(0, length), ALL);
        salvageImage(wiped.subarray(0, length), ALL);
      }
    });
  });
});

describe('where the places of erase blocks are', () => {
  test('directories can be shifted, too', () => {
    const directories = Object.fromEntries(
      Array.from({ length: 120 }, (_, index) => [
        `directory-${String(index).padStart(4, '0')}`,
        Object.fromEntries(
          Array.from({ length: 12 }, (__, file) => [
            `a-file-with-a-rather-long-name-${index}-${file}`,
            { mode: MODE, content: Buffer.from(`${index} ${file}`) },
          ]),
        ),
      ]),
    );
    const bytes = buildDialectImage(directories);
    const whole = readable(bytes);
    for (const shifts of [
      [[0x4000, 0x4000]],
      [
        [0x8000, 0x10000],
        [0xc000, 0x4000],
      ],
    ] as const) {
      const { bytes: mended } = salvageImage(shifted(bytes, shifts), ALL);
      expect(saved(mended, whole)).toBe(120 * 12);
    }
    // The rest around a missing block is saved.
    const missing = salvageImage(shifted(bytes, [[0x8000, -0x4000]]), ALL);
    expect(saved(missing.bytes, whole)).toBeGreaterThan(900);
  });

  test('erase blocks count from the start of the flash', () => {
    const bytes = buildDialectImage(tree(MODE));
    const whole = readable(bytes);
    const origin = 0x1240;
    const dump = shifted(bytes, [[0x10000 - origin, 0x4000]]);
    const { bytes: mended, notes } = salvageImage(dump, { ...ALL, origin });
    expect(notes).toEqual([`left out 16384 bytes at 0x${(0x10000 - origin).toString(16)}`]);
    expect(saved(mended, whole)).toBe(whole.size);
  });
});

test('a root that is gone with the superblock: the directories that are left are saved', () => {
  const bytes = buildDialectImage({
    bin: tree(MODE)['bin'] as DialectDirectory,
    etc: { conf: tree(MODE)['bin'] as DialectDirectory, motd: { mode: MODE, content: content(5) } },
    usr: {
      lib: { a: { mode: MODE, content: content(6) }, b: { mode: MODE, content: content(7) } },
    },
  });
  const whole = readable(bytes);
  const image = openImage(bytes);
  const wiped = bytes.slice().fill(0xff, 0, image.root.dataOffset + image.root.size);
  const { bytes: mended, notes } = salvageImage(wiped, ALL);
  expect(notes[0]).toMatch(/^took the directory at 0x[0-9a-f]+ for the root: .* beside it$/);
  const contents = new Set(whole.values());
  const found = [...readable(mended)];
  expect(found).toHaveLength(whole.size);
  expect(found.every(([path, text]) => contents.has(text) && path.startsWith('/found-0x'))).toBe(
    true,
  );
});
