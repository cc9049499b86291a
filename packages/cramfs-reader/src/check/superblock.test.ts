import { describe, expect, test } from 'vitest';
import { check, countedImage, messageOf, setField } from '../../../../test/helpers/check-image.js';
import { concat, directory, file, text } from '../../../../test/helpers/raw-image.js';
import { checkImage } from '../check.js';

const tree = { a: file(text(9000)), d: directory({ b: file('b') }) };

describe('superblock', () => {
  test('sound images have no findings', () => {
    for (const endianness of ['little', 'big'] as const) {
      for (const pad of [0, 512]) {
        for (const rootShift of [0, 100]) {
          const { bytes } = countedImage(tree, { endianness, pad, rootShift });
          expect(check(bytes), `${endianness} ${pad} ${rootShift}`).toEqual([]);
        }
      }
    }
  });

  test('stats count the contents of the image', () => {
    const { bytes } = countedImage(tree, { endianness: 'big' });
    expect(checkImage(bytes).stats).toMatchObject({
      size: bytes.length,
      endianness: 'big',
      blockSize: 4096,
      flags: 3,
      entries: { directory: 2, file: 2 },
      blocks: { compressed: 4, uncompressed: 0, holes: 0, direct: 0 },
      gaps: { nonZeroBytes: 0 },
    });
  });

  test('no-superblock', () => {
    const { bytes } = countedImage(tree);
    for (const other of [new Uint8Array(0), new Uint8Array(5000), bytes.subarray(0, 75)]) {
      expect(check(other)).toEqual([['no-superblock', undefined, 0]]);
      expect(checkImage(other).stats).toBeUndefined();
    }
  });

  test('bad-signature', () => {
    const { bytes } = countedImage(tree, { signature: 'Something else' });
    expect(check(bytes)).toEqual([['bad-signature', undefined, 16]]);
  });

  test('unsupported-flags: block data means nothing without a decoder', () => {
    const { bytes, placed } = countedImage(tree, { flags: 0xa003, pad: 512 });
    bytes[placed.get('/a')!.blocks[0]!.start] = 0xff;
    setField(bytes, 12, 0, { pad: 512 });
    const { findings } = checkImage(bytes);
    expect(findings).toMatchObject([{ code: 'unsupported-flags', offset: 520 }]);
    expect(messageOf(findings, 'unsupported-flags')).toContain('LZMA');
  });

  test('old-format', () => {
    const { bytes } = countedImage(tree, { v1: true });
    expect(check(bytes)).toEqual([['old-format', undefined, 8]]);
  });

  test('bad-size', () => {
    const { bytes } = countedImage(tree, { size: 75 });
    expect(check(bytes)[0]).toEqual(['bad-size', undefined, 4]);
  });

  test('image-truncated: the rest is still looked at', () => {
    const { bytes, placed } = countedImage({ a: file(text(9000)), b: file('b') });
    const [, , last] = placed.get('/a')!.blocks;
    const cut = bytes.subarray(0, last!.start + 1);
    expect(check(cut)).toEqual([
      ['image-truncated', undefined, 4],
      ['block-outside', '/a', placed.get('/a')!.offset + 8],
      ['table-outside', '/b', placed.get('/b')!.offset],
    ]);
  });

  test('trailing-data, but not if the image is known to be a part of the file', () => {
    const { bytes } = countedImage(tree, { trailer: new Uint8Array(10) });
    expect(check(bytes)).toEqual([['trailing-data', undefined, bytes.length - 10]]);
    const firmware = concat(new Uint8Array(300), bytes);
    expect(check(firmware, { offset: 300 })).toEqual([]);
  });

  test('size-not-block-multiple', () => {
    const { bytes } = countedImage(tree, { roundTo: 2048, size: 6144 });
    expect(check(bytes)).toContainEqual(['size-not-block-multiple', undefined, 4]);
  });

  test('page-size', () => {
    const { bytes } = countedImage(tree);
    expect(check(bytes, { pageSize: 4096 })).toEqual([]);
    expect(check(bytes, { pageSize: 16384 })).toEqual([['page-size', undefined, undefined]]);
  });

  test('crc-mismatch', () => {
    const { bytes } = countedImage(tree, { pad: 512, crc: 0x12345678 });
    const { findings } = checkImage(bytes);
    expect(findings).toMatchObject([{ code: 'crc-mismatch', offset: 544, severity: 'error' }]);
    expect(messageOf(findings, 'crc-mismatch')).toContain('0x12345678');
  });

  test('crc-byte-swapped', () => {
    const { bytes } = countedImage(tree);
    bytes.subarray(32, 36).reverse();
    expect(checkImage(bytes).findings).toMatchObject([
      { code: 'crc-byte-swapped', offset: 32, severity: 'warning' },
    ]);
  });

  test('file-count-zero and file-count', () => {
    const { bytes } = countedImage(tree);
    setField(bytes, 44, 0);
    expect(check(bytes)).toEqual([['file-count-zero', undefined, 44]]);
    setField(bytes, 44, 3);
    const { findings } = checkImage(bytes);
    expect(findings).toMatchObject([{ code: 'file-count', offset: 44 }]);
    expect(messageOf(findings, 'file-count')).toBe('the superblock counts 3 files, there are 4');
  });

  test('block-count', () => {
    const { bytes } = countedImage(tree);
    setField(bytes, 40, 5);
    const { findings } = checkImage(bytes);
    expect(findings).toMatchObject([{ code: 'block-count', offset: 40 }]);
    expect(messageOf(findings, 'block-count')).toBe('the superblock counts 5 blocks, there are 4');
  });

  test('root-not-directory', () => {
    const { bytes } = countedImage(tree, { root: { mode: 0o100644 } });
    expect(check(bytes)).toEqual([['root-not-directory', '/', 64]]);
  });

  test('bad-root-offset', () => {
    const { bytes } = countedImage({}, { root: { offset: 20, size: 0 } });
    expect(check(bytes)).toEqual([['bad-root-offset', '/', 64]]);
    const shifted = countedImage({}, { flags: 0x403, root: { offset: 10, size: 0 } });
    expect(check(shifted.bytes)).toEqual([['bad-root-offset', '/', 64]]);
  });

  test('empty-file-system', () => {
    const { bytes } = countedImage({});
    expect(check(bytes)).toEqual([['empty-file-system', '/', 64]]);
  });

  test('an invalid offset is a mistake of the caller', () => {
    expect(() => checkImage(new Uint8Array(10), { offset: -1 })).toThrow('not a valid offset');
  });
});
