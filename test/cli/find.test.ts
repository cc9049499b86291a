import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { lzmaCompress } from 'cramfs-archive/lzma';
import { crc32 } from 'node:zlib';
import { buildDialectImage, stickyExtent, swapWordsOf } from '../helpers/dialect-images.js';
import { concat, noise } from '../helpers/raw-image.js';
import { zstdFrame } from '../helpers/zstd-frame.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson } from './run-cli.js';

const folder = new Folder();

const TREE = { hello: { mode: 0o101755, content: noise(5000) } };
const plain = buildDialectImage(TREE);
const big = buildDialectImage(TREE, { endianness: 'big' });
const linear = buildDialectImage(TREE, { extent: stickyExtent });
const cisco = buildDialectImage(TREE, {
  crc: (crc) => Buffer.from(Uint32Array.of(crc).buffer).readUInt32BE(0),
});

function uImage(data: Uint8Array, name: string): Uint8Array {
  const header = Buffer.alloc(64);
  header.writeUInt32BE(0x27051956, 0);
  header.writeUInt32BE(data.length, 12);
  header.writeUInt32BE(crc32(data), 24);
  header.write(name, 32, 'latin1');
  header.writeUInt32BE(crc32(header), 4);
  return concat(header, data);
}

/** What is in the firmware, and what is before each. */
const PARTS: readonly (readonly [gap: number, bytes: Uint8Array, expected: object])[] = [
  [1235, plain, { dialect: 'standard', endianness: 'little', crc: 'right', inside: [] }],
  [64, big, { endianness: 'big', crc: 'right' }],
  [1, uImage(linear, 'rootfs'), { dialect: 'linear-xip', uImage: 'rootfs' }],
  [3, swapWordsOf(plain, 2), { dialect: 'swapped-16', crc: 'right' }],
  [0, swapWordsOf(big, 4), { dialect: 'swapped-32', endianness: 'big', crc: 'right' }],
  [4096, cisco, { dialect: 'swapped-crc', crc: 'swapped' }],
  [77, gzipSync(plain), { inside: [{ kind: 'gzip' }], offset: 0 }],
  [5, zstdFrame([noise(100), plain]), { inside: [{ kind: 'zstd' }], offset: 100 }],
  [500, lzmaCompress(big), { inside: [{ kind: 'lzma' }], endianness: 'big' }],
  [
    9,
    gzipSync(concat(noise(64), gzipSync(linear))),
    { inside: [{ kind: 'gzip' }, { kind: 'gzip', offset: 64 }] },
  ],
];

let firmware = '';
beforeEach(() => {
  const parts = PARTS.flatMap(([gap, bytes], index) => [noise(gap, index + 1), bytes]);
  firmware = folder.write('fw.bin', concat(...parts, noise(3000, 99)));
});

test('every image is listed, wherever it is', async () => {
  const found = (await cramfsJson(['find', firmware])) as Record<string, unknown>[];
  expect(found).toMatchObject(PARTS.map(([, , expected]) => expected));
  expect(found[0]).toMatchObject({ file: firmware, image: 1, offset: 1235, name: 'Compressed' });
  const { code, stdout } = await cramfs(['find', firmware]);
  expect(code).toBe(0);
  expect(stdout.split('\n')[1]).toMatch(/^ +1 +0x4d3 +\d+ +little +standard +right +Compressed$/);
});

describe('--image', () => {
  test('takes any of them', async () => {
    for (let image = 1; image <= PARTS.length; image += 1) {
      const { code, stdout, stderr } = await cramfs(['ls', '--image', String(image), firmware]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'hello\n' });
      expect(stderr).toContain('using the image at offset ');
    }
    const { stderr } = await cramfs(['ls', '--image', '10', firmware]);
    expect(stderr).toMatch(
      /offset 0 \(0x0\) of the gzip stream at offset 64 \(0x40\) of the gzip stream at/,
    );
  });

  test('there are only so many', async () => {
    expect(await cramfs(['ls', '--image', '11', firmware])).toMatchObject({
      code: 8,
      stderr: `cramfs: ${firmware}: no image 11: there are 10 cramfs images in the file\n`,
    });
    expect((await cramfs(['ls', '--image', '0', firmware])).code).toBe(16);
    expect((await cramfs(['ls', '--image', '1', '--offset', '0', firmware])).code).toBe(16);
  });
});

test('--offset auto looks into streams if there is nothing outside', async () => {
  const file = folder.write('nested', concat(noise(100), gzipSync(plain), noise(100)));
  const { stdout, stderr } = await cramfs(['ls', '--offset', 'auto', file]);
  expect(stdout).toBe('hello\n');
  expect(stderr).toBe(
    `cramfs: ${file}: using the image at offset 0 (0x0) of the gzip stream at offset 100 (0x64)\n`,
  );
});

test('nothing found, files that are not there', async () => {
  const file = folder.write('noise', noise(100_000));
  expect(await cramfs(['find', file])).toMatchObject({ code: 1, stdout: '', stderr: '' });
  expect(await cramfsJson(['find', file])).toEqual([]);
  const missing = await cramfs(['find', folder.path('none'), firmware]);
  expect(missing.code).toBe(8);
  expect(missing.stdout).toContain('swapped-16');
});
