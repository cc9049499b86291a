import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  blockCount,
  decodeBlockPointer,
  encodeBlockPointer,
  isExtendedPointer,
  nextDirectPointer,
  type BlockPointer,
} from './block-pointer.js';

const CASES: [raw: number, pointer: BlockPointer][] = [
  [0x00000000, { kind: 'end', end: 0, uncompressed: false }],
  [0x00001235, { kind: 'end', end: 0x1235, uncompressed: false }],
  [0x3fffffff, { kind: 'end', end: 0x3fffffff, uncompressed: false }],
  [0x80001235, { kind: 'end', end: 0x1235, uncompressed: true }],
  [0xbfffffff, { kind: 'end', end: 0x3fffffff, uncompressed: true }],
  [0x40000400, { kind: 'direct', start: 0x1000, uncompressed: false }],
  [0x7fffffff, { kind: 'direct', start: 0xfffffffc, uncompressed: false }],
  [0xc0000400, { kind: 'direct', start: 0x1000, uncompressed: true }],
  [0xffffffff, { kind: 'direct', start: 0xfffffffc, uncompressed: true }],
];

describe('block pointers', () => {
  test.each(CASES)('%i', (raw, pointer) => {
    expect(decodeBlockPointer(raw)).toEqual(pointer);
    expect(encodeBlockPointer(pointer)).toBe(raw);
  });

  test('any 32 bits survive', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffffffff }), (raw) => {
        expect(encodeBlockPointer(decodeBlockPointer(raw))).toBe(raw);
      }),
    );
  });

  test.each<BlockPointer>([
    { kind: 'end', end: 2 ** 30, uncompressed: false },
    { kind: 'end', end: -1, uncompressed: true },
    { kind: 'direct', start: 2 ** 32, uncompressed: true },
    { kind: 'direct', start: 0x1002, uncompressed: true },
  ])('$kind pointer that cannot be stored: %j', (pointer) => {
    expect(() => encodeBlockPointer(pointer)).toThrow(RangeError);
  });

  test('a pointer with a flag is extended', () => {
    const extended = CASES.map(([raw]) => isExtendedPointer(raw));
    expect(extended).toEqual([false, false, false, true, true, true, true, true, true]);
  });

  test('the pointers of a run are a quarter of a block apart', () => {
    expect(nextDirectPointer(0xc0000400, 4096)).toBe(0xc0000800);
    expect(nextDirectPointer(0xc0000400, 65536)).toBe(0xc0004400);
    // As in the kernel's u32 arithmetic; no image is that large.
    expect(nextDirectPointer(0xffffff00, 4096)).toBe(0xc0000300);
  });

  test('one pointer per block or part of one', () => {
    expect([0, 1, 4095, 4096, 4097, 0xffffff].map((size) => blockCount(size, 4096))).toEqual([
      0, 1, 1, 1, 2, 4096,
    ]);
    expect(blockCount(65537, 65536)).toBe(2);
  });
});
