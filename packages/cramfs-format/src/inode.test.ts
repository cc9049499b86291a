import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dataOffset,
  decodeInode,
  directoryEntrySize,
  encodeInode,
  nameFieldLength,
  type RawInode,
} from './inode.js';
import { INODE_WORDS } from './layout.js';

// -rw-r--r--, uid 0x1234, gid 0x7f, 0x0abcde bytes, a name of 5 words, data at 4 * 0x2345678.
const INODE: RawInode = {
  mode: 0o100644,
  uid: 0x1234,
  size: 0x0abcde,
  gid: 0x7f,
  namelen: 5,
  offset: 0x2345678,
};
// Written by hand from the C structure, one line per word.
const LITTLE = Uint8Array.of(
  ...[0xa4, 0x81, 0x34, 0x12],
  ...[0xde, 0xbc, 0x0a, 0x7f],
  ...[0x05, 0x9e, 0x15, 0x8d],
);
const BIG = Uint8Array.of(
  ...[0x81, 0xa4, 0x12, 0x34],
  ...[0x0a, 0xbc, 0xde, 0x7f],
  ...[0x16, 0x34, 0x56, 0x78],
);

function decode(bytes: Uint8Array, endianness: 'little' | 'big', at = 0): RawInode {
  return decodeInode(new DataView(bytes.buffer), at, endianness);
}

function encode(inode: RawInode, endianness: 'little' | 'big'): Uint8Array {
  const bytes = new Uint8Array(12);
  encodeInode(new DataView(bytes.buffer), 0, inode, endianness);
  return bytes;
}

describe('struct cramfs_inode', () => {
  test('decodes both byte orders', () => {
    expect(decode(LITTLE, 'little')).toEqual(INODE);
    expect(decode(BIG, 'big')).toEqual(INODE);
  });

  test('encodes both byte orders', () => {
    expect(encode(INODE, 'little')).toEqual(LITTLE);
    expect(encode(INODE, 'big')).toEqual(BIG);
  });

  test('big-endian is not the little-endian words with their bytes swapped', () => {
    expect(decode(LITTLE.slice().reverse(), 'big')).not.toEqual(INODE);
    expect(decode(BIG, 'little').mode).not.toBe(INODE.mode);
  });

  test('decodes at any byte, aligned or not', () => {
    const bytes = new Uint8Array(15);
    bytes.set(LITTLE, 3);
    expect(decode(bytes, 'little', 3)).toEqual(INODE);
  });

  test('any inode survives', () => {
    const fields = Object.fromEntries(
      INODE_WORDS.flat().map(([name, width]) => [name, fc.nat({ max: 2 ** width - 1 })]),
    ) as Record<keyof RawInode, fc.Arbitrary<number>>;
    fc.assert(
      fc.property(fc.record(fields), fc.constantFrom('little', 'big'), (inode, endianness) => {
        expect(decode(encode(inode, endianness), endianness)).toEqual(inode);
      }),
    );
  });

  test('any 12 bytes survive', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        fc.constantFrom('little', 'big'),
        (bytes, endianness) => {
          expect(encode(decode(bytes.slice(), endianness), endianness)).toEqual(bytes);
        },
      ),
    );
  });

  test.each([
    ['mode', 0x10000],
    ['uid', 0x10000],
    ['size', 0x1000000],
    ['gid', 0x100],
    ['namelen', 64],
    ['offset', 0x4000000],
  ] as const)('a %s of %d is refused, never cut', (field, value) => {
    expect(() => encode({ ...INODE, [field]: value }, 'little')).toThrow(RangeError);
    expect(() => encode({ ...INODE, [field]: value - 1 }, 'big')).not.toThrow();
  });

  test('name length and offset count in words of four bytes', () => {
    expect(dataOffset(INODE)).toBe(0x8d159e0);
    expect(nameFieldLength(INODE)).toBe(20);
    expect(dataOffset({ ...INODE, offset: 0x3ffffff })).toBe(0xffffffc);
  });

  test('a directory entry is 12 bytes and the name, padded to a multiple of four', () => {
    expect([1, 4, 5, 252].map(directoryEntrySize)).toEqual([16, 16, 20, 264]);
  });
});
