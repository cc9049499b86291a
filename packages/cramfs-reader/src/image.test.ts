import { isCramfsError, type CramfsError, type CramfsErrorCode } from 'cramfs-format';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  buildRawImage,
  concat,
  directory,
  file,
  fixCrc,
  noise,
  special,
  symlink,
  text,
  type RawImageOptions,
  type RawTree,
} from '../../../test/helpers/raw-image.js';
import { openImage, type CramfsImage } from './image.js';

const ENDIANNESSES = ['little', 'big'] as const;

function open(tree: RawTree, options: RawImageOptions = {}): CramfsImage {
  return openImage(buildRawImage(tree, options).bytes);
}

function errorOf(action: () => unknown): CramfsError {
  try {
    action();
  } catch (error) {
    if (isCramfsError(error)) return error;
    throw error;
  }
  throw new Error('no error was thrown');
}

function codeOf(action: () => unknown): CramfsErrorCode {
  return errorOf(action).code;
}

function deflated(length: number): Uint8Array {
  return deflateSync(text(length));
}

const TREE: RawTree = {
  bin: directory({ sh: file(text(9000), { mode: 0o4755, uid: 1000, gid: 7 }) }, { mode: 0o700 }),
  dev: directory({
    console: special(0o20600, 0x0501),
    ram0: special(0o60660, 0x0100, { uid: 3, gid: 6 }),
    pipe: special(0o10644),
    log: special(0o140666),
  }),
  empty: file(''),
  'empty-dir': directory(),
  link: symlink('bin/sh'),
};

describe.each(ENDIANNESSES)('%s-endian images', (endianness) => {
  const image = open(TREE, { endianness, name: 'my root' });

  test('superblock', () => {
    expect(image.endianness).toBe(endianness);
    expect(image.superblock).toMatchObject({
      offset: 0,
      endianness,
      flags: 3,
      signature: 'Compressed ROMFS',
      name: 'my root',
    });
    expect(image.size).toBe(image.bytes.length);
    expect(image.computeCrc()).toBe(image.superblock.crc);
  });

  test('walk gives everything, directories before their entries', () => {
    expect([...image.walk()].map(({ path, inode }) => `${path} ${inode.type ?? '?'}`)).toEqual([
      '/ directory',
      '/bin directory',
      '/bin/sh file',
      '/dev directory',
      '/dev/console char-device',
      '/dev/log socket',
      '/dev/pipe fifo',
      '/dev/ram0 block-device',
      '/empty file',
      '/empty-dir directory',
      '/link symlink',
    ]);
  });

  test('inodes', () => {
    const { placed } = buildRawImage(TREE, { endianness });
    const { entry, offset } = placed.get('/bin/sh')!;
    expect(image.lookup('/bin/sh')).toEqual({
      ino: offset,
      entryOffset: entry,
      mode: 0o104755,
      type: 'file',
      uid: 1000,
      gid: 7,
      size: 9000,
      dataOffset: offset,
      rdev: undefined,
    });
    const ram = image.lookup('/dev/ram0');
    expect(ram).toMatchObject({ mode: 0o60660, uid: 3, gid: 6, rdev: { major: 1, minor: 0 } });
    expect(ram.ino).toBe(ram.entryOffset + 1);
    expect(image.lookup('/empty').ino).toBe(placed.get('/empty')!.entry + 1);
    const unused = open({ e: file('', { inode: { offset: 100 } }) }, { endianness }).lookup('/e');
    expect(unused.ino).toBe(unused.entryOffset + 1);
    expect(image.root).toMatchObject({ ino: 76, entryOffset: 64, dataOffset: 76 });
  });

  test('content of files and symlinks', () => {
    expect(image.readFile(image.lookup('/bin/sh'))).toEqual(text(9000));
    expect(image.readFile(image.lookup('/empty'))).toEqual(new Uint8Array(0));
    expect(image.readlink(image.lookup('/link', { followSymlinks: false }))).toBe('bin/sh');
    expect(image.lookup('/link').type).toBe('file');
  });

  test('every kind of block', () => {
    const zeros = new Uint8Array(4096);
    const block = (seed: number): Uint8Array => text(4096, seed);
    const content = concat(
      block(1),
      noise(4096),
      zeros,
      block(2),
      block(3),
      block(4),
      zeros,
      block(5),
      block(6),
      noise(100),
    );
    const all = open({ f: file(content, { blocks: 'CUHDZCzCZU' }) }, { endianness });
    const inode = all.lookup('/f');
    expect(
      all.blocks(inode).map(({ kind, direct }) => `${kind}${direct ? ' direct' : ''}`),
    ).toEqual([
      'compressed',
      'uncompressed',
      'hole',
      'uncompressed direct',
      'compressed direct',
      'compressed',
      'hole direct',
      'compressed',
      'compressed direct',
      'uncompressed',
    ]);
    expect(all.readFile(inode)).toEqual(content);
    expect(all.readBlock(inode, 9)).toEqual(noise(100));
    expect(all.superblock.flags).toBe(0x903);
  });
});

describe('where an image may differ', () => {
  test.each(ENDIANNESSES)('superblock after a pad, %s endian', (endianness) => {
    const image = open(TREE, { endianness, pad: 512 });
    expect(image.superblock.offset).toBe(512);
    expect(image.root.dataOffset).toBe(588);
    expect(image.computeCrc()).toBe(image.superblock.crc);
    expect(image.readFile(image.lookup('/bin/sh'))).toEqual(text(9000));
  });

  test.each([0, 512])('shifted root, superblock at %i', (pad) => {
    const image = open(TREE, { pad, rootShift: 4096 });
    expect(image.root.dataOffset).toBe(pad + 76 + 4096);
    expect(image.lookup('/dev/console').rdev).toEqual({ major: 5, minor: 1 });
  });

  test('without FSID_VERSION_2: the size is that of the input, directories are not sorted', () => {
    const image = open(
      [
        ['z', file('last')],
        ['a', file('first')],
      ],
      { v1: true },
    );
    expect(image.superblock.size).toBe(0x10000);
    expect(image.size).toBe(image.bytes.length);
    expect(image.readDirectory(image.root).map(({ name }) => name)).toEqual(['z', 'a']);
    expect(image.readFile(image.lookup('/a'))).toEqual(new TextEncoder().encode('first'));
  });

  test('inside other bytes, which do not belong to it', () => {
    const { bytes } = buildRawImage(TREE);
    const image = openImage(concat(noise(1001), bytes, noise(50)), { offset: 1001 });
    expect(image.bytes.length).toBe(bytes.length + 50);
    expect(image.size).toBe(bytes.length);
    expect(image.computeCrc()).toBe(image.superblock.crc);
    expect(image.readFile(image.lookup('/bin/sh'))).toEqual(text(9000));
  });

  test('an empty file system: no root offset', () => {
    const image = open({}, { root: { size: 100 } });
    expect(image.readDirectory(image.root)).toEqual([]);
    expect([...image.walk()]).toHaveLength(1);
    expect(codeOf(() => image.lookup('/x'))).toBe('NOT_FOUND');
  });

  test('cut off: opens, and returns what is there', () => {
    const { bytes } = buildRawImage({
      a: file(text(5000)),
      b: file(noise(9000), { blocks: 'UUU' }),
    });
    const image = openImage(bytes.subarray(0, bytes.length - 8192));
    expect(image.superblock.size).toBe(bytes.length);
    expect(image.size).toBe(bytes.length - 8192);
    expect(image.readFile(image.lookup('/a'))).toEqual(text(5000));
    expect(codeOf(() => image.readFile(image.lookup('/b')))).toBe('OUT_OF_RANGE');
    expect(image.computeCrc()).not.toBe(image.superblock.crc);
  });

  test.each([8192, 16384, 32768, 65536] as const)('blocks of %i bytes', (blockSize) => {
    const content = concat(text(2 * blockSize), noise(blockSize), text(10));
    const { bytes } = buildRawImage({ f: file(content, { blocks: 'CDUZ' }) }, { blockSize });
    const image = openImage(bytes, { blockSize });
    expect(image.readFile(image.lookup('/f'))).toEqual(content);
  });
});

describe('files that are not images, or not for Linux', () => {
  const { bytes } = buildRawImage(TREE);
  const withFlags =
    (flags: number): (() => unknown) =>
    () =>
      open(TREE, { flags });

  test('no superblock', () => {
    expect(codeOf(() => openImage(new Uint8Array(0)))).toBe('BAD_MAGIC');
    expect(codeOf(() => openImage(bytes.subarray(0, 75)))).toBe('BAD_MAGIC');
    expect(codeOf(() => openImage(noise(5000)))).toBe('BAD_MAGIC');
    expect(codeOf(() => openImage(bytes, { offset: 10 }))).toBe('BAD_MAGIC');
    expect(codeOf(() => openImage(bytes, { offset: bytes.length + 10 }))).toBe('BAD_MAGIC');
  });

  test('requests that make no sense', () => {
    expect(codeOf(() => openImage(bytes, { offset: -1 }))).toBe('BAD_REQUEST');
    expect(codeOf(() => openImage(bytes, { offset: 0.5 }))).toBe('BAD_REQUEST');
    expect(codeOf(() => openImage(bytes, { blockSize: 1000 as 4096 }))).toBe('BAD_REQUEST');
  });

  test('root is not a directory, or is where Linux does not take it', () => {
    expect(codeOf(() => open(TREE, { root: { mode: 0o100644 } }))).toBe('BAD_SUPERBLOCK');
    const error = errorOf(() => open(TREE, { root: { offset: 100 } }));
    expect(error).toMatchObject({ code: 'BAD_SUPERBLOCK', message: 'bad root offset 400' });
  });

  // Linux mounts them; from a block device it makes no difference.
  test.each([0, 75, 76 + 511])('a size of %i, too small for the superblock, is ignored', (size) => {
    const image = open(TREE, { size, pad: size > 76 ? 512 : 0 });
    expect(image.size).toBe(image.bytes.length);
    expect(image.isCutOff).toBe(false);
    expect(image.readDirectory(image.root).length).toBeGreaterThan(0);
  });

  test('unknown flags are named where Linux is to read the image', () => {
    const { bytes } = buildRawImage(TREE, { flags: 0x80010003 });
    expect(errorOf(() => openImage(bytes, { dialect: 'standard' }))).toMatchObject({
      code: 'UNSUPPORTED',
      message: 'unsupported file system features: flags 0x10000 + 0x80000000',
    });
    expect(withFlags(0xfff)).not.toThrow();
  });
});

describe('the kernel rules for blocks', () => {
  const page = text(4096);

  test('K1: the last direct uncompressed block of a file of whole blocks is a whole block', () => {
    const image = open({ f: file(concat(page, noise(4096)), { blocks: 'DD' }) });
    const inode = image.lookup('/f');
    expect(image.block(inode, 1)).toMatchObject({ kind: 'uncompressed', length: 4096, size: 4096 });
    expect(image.readFile(inode)).toEqual(concat(page, noise(4096)));
  });

  test('an end pointer after a direct block starts a whole block after it', () => {
    const { bytes, placed } = buildRawImage({ f: file(concat(page, page), { blocks: 'DC' }) });
    const image = openImage(bytes);
    const [first, second] = image.blocks(image.lookup('/f'));
    expect(second!.start).toBe(first!.start + 4096);
    const { start, length } = placed.get('/f')!.blocks[1]!;
    expect(second).toMatchObject({ start, length, kind: 'compressed', direct: false });
  });

  test('blocks may be shared, unaligned and out of order', () => {
    const content = concat(page, noise(4096), text(50));
    const image = open([
      ['a', file(content, { blocks: [{ kind: 'D', align: 4096, phase: 8 }, 'D', 'Z'] })],
      [
        'b',
        file(concat(noise(4096), page, page, text(50)), {
          blocks: [
            { kind: 'D', sameAs: ['/a', 1] },
            { kind: 'D', sameAs: ['/a', 0] },
            { kind: 'D', sameAs: ['/a', 0] },
            { kind: 'Z', sameAs: ['/a', 2] },
          ],
        }),
      ],
      ['c', file('', { sameAs: '/a', mode: 0o600 })],
    ]);
    expect(image.readFile(image.lookup('/a'))).toEqual(content);
    expect(image.block(image.lookup('/a'), 0).start % 4096).toBe(8);
    expect(image.readFile(image.lookup('/b'))).toEqual(concat(noise(4096), page, page, text(50)));
    expect(image.lookup('/c').ino).toBe(image.lookup('/a').ino);
  });

  test.each([
    ['compressed, more than two blocks long', { kind: 'C', stored: noise(8193) }, 'BAD_BLOCK'],
    ['uncompressed, more than a block long', { kind: 'U', stored: noise(4097) }, 'BAD_BLOCK'],
    ['ends before it starts', { kind: 'C', pointer: 77 }, 'BAD_BLOCK'],
    ['direct, past the image', { kind: 'D', pointer: 0xc0ffffff }, 'OUT_OF_RANGE'],
    ['direct compressed, past the image', { kind: 'Z', pointer: 0x7fffffff }, 'OUT_OF_RANGE'],
    ['ends past the image', { kind: 'C', pointer: 0x1400 }, 'OUT_OF_RANGE'],
    ['does not inflate', { kind: 'C', stored: noise(50) }, 'BAD_DATA'],
    ['inflates to too little', { kind: 'C', stored: deflated(4095) }, 'BAD_DATA'],
    ['inflates to too much', { kind: 'C', stored: deflated(4097) }, 'BAD_DATA'],
    ['is cut off', { kind: 'Z', stored: deflated(4096).subarray(0, 700) }, 'BAD_DATA'],
    ['stores too little', { kind: 'U', stored: noise(4095) }, 'BAD_DATA'],
  ] as const)('a block that %s', (_, block, code) => {
    const { bytes } = buildRawImage(
      { f: file(concat(page, text(10)), { blocks: [block, 'Z'] }) },
      { roundTo: 4 },
    );
    const image = openImage(bytes, { blockSize: 4096 });
    const inode = image.lookup('/f');
    expect(codeOf(() => image.readFile(inode))).toBe(code);
    expect(codeOf(() => image.readBlock(inode, 0))).toBe(code);
  });

  test('bytes after the end of a compressed stream do not matter, as in Linux', () => {
    const stored = concat(deflated(4096), noise(9));
    const image = open({ f: file(page, { blocks: [{ kind: 'C', stored }] }) });
    expect(image.readFile(image.lookup('/f'))).toEqual(page);
  });

  test('block numbers and types that have no blocks', () => {
    const image = open(TREE);
    const sh = image.lookup('/bin/sh');
    for (const index of [-1, 3, 0.5, NaN]) {
      expect(codeOf(() => image.block(sh, index))).toBe('BAD_REQUEST');
    }
    for (const path of ['/', '/dev/console', '/dev/pipe']) {
      expect(codeOf(() => image.readFile(image.lookup(path)))).toBe('WRONG_TYPE');
    }
    expect(codeOf(() => image.readlink(sh))).toBe('WRONG_TYPE');
    expect(codeOf(() => image.readDirectory(sh))).toBe('WRONG_TYPE');
  });
});

describe('directories that lie', () => {
  test('an entry without a name, or cut off by the end of its directory or of the image', () => {
    const nameless = open([
      ['a', file('x')],
      ['b', file('x', { rawName: new Uint8Array(4) })],
    ]);
    expect(codeOf(() => nameless.readDirectory(nameless.root))).toBe('BAD_ENTRY');
    expect(nameless.lookup('/a').type).toBe('file');
    const long = open({ a: file('x', { inode: { namelen: 63 } }) }, { roundTo: 4096 });
    expect(codeOf(() => long.readDirectory(long.root))).toBe('BAD_ENTRY');
    const { bytes } = buildRawImage({ a: file('x') }, { root: { size: 2 ** 24 - 4 } });
    const outside = openImage(bytes);
    expect(codeOf(() => outside.readDirectory(outside.root))).toBe('BAD_ENTRY');
    for (const length of [80, 90]) {
      const cut = openImage(buildRawImage({ a: file('x') }).bytes.subarray(0, length));
      expect(codeOf(() => cut.readDirectory(cut.root))).toBe('OUT_OF_RANGE');
    }
    const beyond = open({ a: directory({}, { inode: { offset: 2 ** 26 - 1, size: 16 } }) });
    expect(codeOf(() => beyond.readDirectory(beyond.lookup('/a')))).toBe('OUT_OF_RANGE');
  });

  test('content without a data offset', () => {
    const image = open({
      d: directory({}, { inode: { size: 16 } }),
      f: file('', { inode: { size: 10 } }),
    });
    expect(codeOf(() => image.readDirectory(image.lookup('/d')))).toBe('BAD_ENTRY');
    expect(codeOf(() => image.readFile(image.lookup('/f')))).toBe('BAD_ENTRY');
  });

  test('a symbolic link of a megabyte', () => {
    const image = open({ l: symlink('x', { inode: { size: 1 << 20 } }) });
    const link = image.lookup('/l', { followSymlinks: false });
    expect(codeOf(() => image.readlink(link))).toBe('BAD_ENTRY');
  });

  test('a file of 16 MiB of holes in an image of a few pages', () => {
    const content = new Uint8Array(2 ** 24 - 1);
    const { bytes } = buildRawImage({ f: file(content, { blocks: 'H'.repeat(4096) }) });
    expect(bytes.length).toBeLessThan(32768);
    const image = openImage(bytes);
    expect(Buffer.compare(image.readFile(image.lookup('/f')), content)).toBe(0);
  });

  test('the CRC helper of these tests and computeCrc() agree after a change', () => {
    const { bytes } = buildRawImage(TREE);
    bytes[bytes.length - 1] = 1;
    expect(openImage(bytes).computeCrc()).not.toBe(openImage(bytes).superblock.crc);
    fixCrc(bytes);
    expect(openImage(bytes).computeCrc()).toBe(openImage(bytes).superblock.crc);
  });
});
