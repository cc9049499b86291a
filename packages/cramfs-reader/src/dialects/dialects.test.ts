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
import { checkImage } from '../check.js';
import { verifyCrc } from '../crc.js';
import { openImage } from '../image.js';
import { lzmaInflater } from '../lzma.js';
import { openAnyImage } from '../open-any.js';
import { tarChunks } from '../tar.js';
import { DIALECT_NAMES, type DialectName } from './names.js';

const text = (content: string): Uint8Array => Buffer.from(content, 'latin1');
const long = Uint8Array.from({ length: 150_000 }, (_, index) => (index * index) >>> 7);

const TREE: DialectDirectory = {
  bin: {
    prog: { mode: 0o100755, content: long },
    tool: { mode: 0o100700, content: long.subarray(9, 5009), uid: 7, gid: 9 },
  },
  empty: {},
  etc: { motd: { mode: 0o100644, content: text('hello\n') } },
  link: { mode: 0o120777, content: text('bin/prog') },
};
const STICKY: DialectDirectory = {
  ...TREE,
  bin: {
    prog: { mode: 0o101755, content: long },
    tool: { mode: 0o101700, content: long.subarray(9, 5009), uid: 7, gid: 9 },
  },
};
/** Every file sticky, and targets that a NUL ends. */
const AZURE: DialectDirectory = {
  bin: { app: { mode: 0o101755, content: long }, b: { mode: 0o101755, content: long.subarray(1) } },
  link: { mode: 0o120777, content: text('bin/app\0') },
};
const pages = (node: { mode: number }, free: number): number => {
  const isLink = (node.mode & 0o170000) === 0o120000;
  return isLink ? free : Math.ceil(free / 4096) * 4096;
};
const onPages = (_: unknown, free: number): number => Math.ceil(free / 4096) * 4096;
const reverse = (crc: number): number =>
  Buffer.from([crc, crc >>> 8, crc >>> 16, crc >>> 24]).readUInt32BE(0);

const lzma = (block: Uint8Array): Uint8Array => openRgBlock(lzmaCompress(block, 1));

type Case = readonly [
  title: string,
  name: DialectName,
  tree: DialectDirectory,
  options: DialectImageOptions,
  swap?: 2 | 4,
];

const CASES: readonly Case[] = [
  ['standard', 'standard', TREE, {}],
  ['standard, big endian', 'standard', TREE, { endianness: 'big' }],
  ['OpenRG, LZMA', 'openrg', TREE, { flags: 0xa003, blockSize: 65536, compress: lzma }],
  ['OpenRG, LZMA, 16 KiB', 'openrg', TREE, { flags: 0x9003, blockSize: 16384, compress: lzma }],
  ['OpenRG, gzip', 'openrg', TREE, { flags: 0x6003, blockSize: 65536 }],
  ['OpenRG, 8 KiB: 0x800 alone', 'openrg', TREE, { flags: 0x803, blockSize: 8192 }],
  ['OpenRG, 8 KiB: 0x800 beside 0x4000', 'openrg', TREE, { flags: 0x4803, blockSize: 8192 }],
  ['linear XIP', 'linear-xip', STICKY, { extent: stickyExtent }],
  ['linear XIP, big endian', 'linear-xip', STICKY, { extent: stickyExtent, endianness: 'big' }],
  ['linear XIP before fsid 2', 'linear-xip', STICKY, { extent: stickyExtent, flags: 2 }],
  ['ASXipFS by its flag', 'asxipfs', AZURE, { flags: 0x803, extent: pages }],
  ['ASXipFS, targets on pages', 'asxipfs', AZURE, { flags: 0x803, extent: onPages }],
  ['ASXipFS by its trailer', 'asxipfs', AZURE, { extent: pages, trailer: text('4X4M\x02') }],
  ['Jinke', 'jinke', TREE, { inodeSize: 16 }],
  ['before fsid version 2', 'old', TREE, { flags: 0 }],
  ['16-bit words', 'swapped-16', TREE, {}, 2],
  ['16-bit words, big endian', 'swapped-16', TREE, { endianness: 'big' }, 2],
  ['32-bit words', 'swapped-32', TREE, {}, 4],
  [
    '32-bit words of OpenRG',
    'swapped-32',
    TREE,
    { flags: 0xa003, blockSize: 65536, compress: lzma },
    4,
  ],
];

function imageOf(tree: DialectDirectory, options: DialectImageOptions, swap?: 2 | 4): Uint8Array {
  const image = buildDialectImage(tree, options);
  return swap === undefined ? image : swapWordsOf(image, swap);
}

describe.each(CASES.map((made) => ({ title: made[0], made })))('$title', ({ made }) => {
  const [, name, tree, options, swap] = made;
  const bytes = imageOf(tree, options, swap);

  test('is recognised and read to the last byte', async () => {
    const image = await openAnyImage(bytes);
    expect(image.dialectName).toBe(name);
    expect(image.unreadable).toBeUndefined();
    const visit = (directory: DialectDirectory, path: string): void => {
      for (const [child, node] of Object.entries(directory)) {
        const inode = image.lookup(`${path}/${child}`, { followSymlinks: false });
        if (!(node.content instanceof Uint8Array)) {
          expect(inode.type).toBe('directory');
          visit(node as DialectDirectory, `${path}/${child}`);
          continue;
        }
        const { mode, uid = 0, gid = 0 } = node as { mode: number; uid?: number; gid?: number };
        expect(inode).toMatchObject({ mode, uid, gid, size: node.content.length });
        expect(Buffer.compare(image.readFile(inode), node.content)).toBe(0);
      }
    };
    visit(tree, '');
    expect(image.readlink(image.lookup('/link', { followSymlinks: false }))).toMatch(
      /^bin\/[a-z]+$/,
    );
  });

  test('is checked and becomes a tar without errors', async () => {
    const { findings, stats } = checkImage(bytes, { lzma: lzmaInflater });
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(stats?.dialect).toBe(name);
    const errors: unknown[] = [];
    const chunks = [...tarChunks(await openAnyImage(bytes), { onError: (e) => errors.push(e) })];
    expect(errors).toEqual([]);
    expect(chunks.length).toBeGreaterThan(4);
  });

  test('any byte can be damaged', async () => {
    for (let at = 0; at < bytes.length; at += at < 512 ? 7 : 4999) {
      const damaged = bytes.slice();
      damaged[at]! ^= 0xff;
      checkImage(damaged, { lzma: lzmaInflater });
      try {
        expect([...(await openAnyImage(damaged)).walk()].length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toHaveProperty('name', 'CramfsError');
      }
    }
  });
});

describe('unreadable parts', () => {
  test.each([
    ['sony-lz77', 0x20000803],
    ['sony-lzo', 0x10000003],
    ['unknown', 0x40000003],
    ['unknown', 0x1003 | 0x10000],
    ['unknown', 0xf803],
  ] as const)('%s is refused by name, flags %i; directories are read', (name, flags) => {
    const image = openImage(buildDialectImage(TREE, { flags }));
    expect(image.dialectName).toBe(name);
    expect([...image.walk()].map(({ path }) => path)).toContain('/bin/tool');
    expect(() => image.readFile(image.lookup('/etc/motd'))).toThrow(image.unreadable);
    expect(checkImage(image.bytes).findings).toMatchObject([{ code: 'unsupported-flags' }]);
  });

  test('LZMA without a decoder', () => {
    const image = openImage(buildDialectImage(TREE, { flags: 0xa003, compress: lzma }));
    expect(() => image.readFile(image.lookup('/etc/motd'))).toThrow('no decoder');
  });

  test('damaged LZMA is bad data', async () => {
    for (const stored of [new Uint8Array(4), new Uint8Array(40).fill(255), lzma(long)]) {
      const options = { flags: 0xa003, blockSize: 65536, compress: () => stored };
      const image = await openAnyImage(buildDialectImage(TREE, options));
      expect(() => image.readFile(image.lookup('/etc/motd'))).toThrow('does not inflate');
    }
  });
});

describe('the user may tell', () => {
  test('every name but unknown leads to a dialect', () => {
    const bytes = buildDialectImage(TREE);
    for (const dialect of DIALECT_NAMES.filter((name) => !name.startsWith('swapped-'))) {
      expect(['BAD_SUPERBLOCK', dialect]).toContain(nameOrCode(bytes, dialect));
    }
  });

  test('standard refuses what Linux refuses', () => {
    const bytes = buildDialectImage(TREE, { flags: 0xa003 });
    expect(nameOrCode(bytes, 'standard')).toBe('UNSUPPORTED');
  });

  test('linear XIP read as standard has bad pointers', () => {
    const image = openImage(buildDialectImage(STICKY, { extent: stickyExtent }), {
      dialect: 'standard',
    });
    expect(() => image.readFile(image.lookup('/bin/prog'))).toThrow(/block 0/);
  });
});

function nameOrCode(bytes: Uint8Array, dialect: DialectName): string {
  try {
    return openImage(bytes, { dialect }).dialectName;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('a CRC in the other byte order', () => {
  const bytes = buildDialectImage(TREE, { crc: reverse });

  test('is right if that is the dialect', () => {
    expect(verifyCrc(openImage(bytes)).verdict).toBe('swapped');
    expect(verifyCrc(openImage(bytes, { dialect: 'swapped-crc' })).verdict).toBe('right');
  });
});

describe('Jinke: a file of 16 MiB and more', () => {
  test('has more pointers than Linux counts', () => {
    const large = new Uint8Array(2 ** 24 + 5000);
    large.set(long, large.length - long.length);
    const bytes = buildDialectImage(
      { ...TREE, large: { mode: 0o100644, content: large } },
      { inodeSize: 16 },
    );
    const image = openImage(bytes);
    const inode = image.lookup('/large');
    expect(inode).toMatchObject({ size: large.length, gid: 0 });
    expect(Buffer.compare(image.readFile(inode), large)).toBe(0);
    expect(image.lookup('/bin/tool')).toMatchObject({ size: 5000, gid: 9 });
    expect(checkImage(bytes).findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});

describe('0x800 means three things', () => {
  test('blocks of 8 KiB with extended pointers are those of Linux', () => {
    const flags = 0x803;
    const bytes = buildDialectImage(TREE, { flags, blockSize: 8192 });
    const image = openImage(bytes);
    expect(image.dialectName).toBe('openrg');
    // The first pointer of the first file says that its block is not compressed.
    const at = image.lookup('/bin/prog').dataOffset;
    const changed = bytes.slice();
    changed[at + 3]! |= 0x80;
    expect(openImage(changed).dialectName).toBe('standard');
    expect(openImage(bytes, { dialect: 'standard' }).dialectName).toBe('standard');
    expect(openImage(buildDialectImage(TREE, { flags })).dialectName).toBe('standard');
  });

  test('sticky files with block pointers are standard', () => {
    const image = openImage(buildDialectImage(STICKY, { flags: 0x803 }));
    expect(image.dialectName).toBe('standard');
  });
});
