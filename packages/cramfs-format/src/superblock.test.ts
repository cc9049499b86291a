import { describe, expect, test } from 'vitest';
import {
  decodeSuperblock,
  encodeSuperblock,
  superblockEndianness,
  type RawSuperblock,
} from './superblock.js';

// The superblocks that `mkfs.cramfs -e 7 -n sample` of util-linux wrote for one directory with one
// file, with -N little and -N big.
const LITTLE = bytes(`
  453dcd28 00100000 03000000 00000000 436f6d70 72657373 65642052 4f4d4653
  10057d04 07000000 01000000 02000000 73616d70 6c650000 00000000 00000000
  ed410000 10000000 c0040000`);
const BIG = bytes(`
  28cd3d45 00001000 00000003 00000000 436f6d70 72657373 65642052 4f4d4653
  a10a8ee1 00000007 00000001 00000002 73616d70 6c650000 00000000 00000000
  41ed0000 00001000 00000013`);

const COMMON = {
  size: 4096,
  flags: 3,
  future: 0,
  signature: 'Compressed ROMFS',
  edition: 7,
  blocks: 1,
  files: 2,
  name: 'sample',
  root: { mode: 0o40755, uid: 0, size: 16, gid: 0, namelen: 0, offset: 19 },
};
const DECODED: Record<'little' | 'big', RawSuperblock> = {
  little: { ...COMMON, crc: 0x047d0510 },
  big: { ...COMMON, crc: 0xa10a8ee1 },
};

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (byte) => parseInt(byte, 16));
}

describe.each([
  ['little', LITTLE],
  ['big', BIG],
] as const)('a %s-endian superblock', (endianness, stored) => {
  const view = new DataView(stored.buffer);

  test('is recognised', () => {
    expect(superblockEndianness(view, 0)).toBe(endianness);
  });

  test('decodes', () => {
    expect(decodeSuperblock(view, 0, endianness)).toEqual(DECODED[endianness]);
  });

  test('encodes, over whatever was there', () => {
    const target = new Uint8Array(512 + 76).fill(0xee);
    encodeSuperblock(new DataView(target.buffer), 512, DECODED[endianness], endianness);
    expect(target.subarray(512)).toEqual(stored);
    expect(target.subarray(0, 512)).toEqual(new Uint8Array(512).fill(0xee));
  });

  test('is found in the middle of a buffer, through a view that does not start at 0', () => {
    const target = new Uint8Array(100 + 76);
    target.set(stored, 100);
    const shifted = new DataView(target.buffer, 90);
    expect(superblockEndianness(shifted, 10)).toBe(endianness);
    expect(decodeSuperblock(shifted, 10, endianness)).toEqual(DECODED[endianness]);
  });
});

describe('superblocks in general', () => {
  test('none without the magic, or where 76 bytes do not fit', () => {
    const view = new DataView(LITTLE.buffer);
    expect(superblockEndianness(view, 1)).toBeUndefined();
    expect(superblockEndianness(view, -1)).toBeUndefined();
    expect(superblockEndianness(view, 76)).toBeUndefined();
    expect(superblockEndianness(new DataView(LITTLE.buffer, 0, 75), 0)).toBeUndefined();
    expect(superblockEndianness(new DataView(new ArrayBuffer(0)), 0)).toBeUndefined();
  });

  test('a name of 16 bytes has no terminator, a longer one is cut', () => {
    const target = new Uint8Array(76);
    const view = new DataView(target.buffer);
    const name = '\xff23456789abcdefXYZ';
    encodeSuperblock(view, 0, { ...DECODED.little, name }, 'little');
    expect(decodeSuperblock(view, 0, 'little').name).toBe(name.slice(0, 16));
    expect([...target.subarray(64, 66)]).toEqual([0xed, 0x41]);
  });

  test('32-bit fields are unsigned', () => {
    const view = new DataView(new ArrayBuffer(76));
    const most = { ...DECODED.big, size: 0xffffffff, flags: 0x80000000, edition: 0xfffffffe };
    encodeSuperblock(view, 0, most, 'big');
    expect(decodeSuperblock(view, 0, 'big')).toEqual(most);
  });
});
