import { describe, expect, test } from 'vitest';
import { memorySource } from './byte-source.js';
import { scan } from './scan.js';

const CHUNK = 2 ** 23;
const MAGIC = [0x28, 0xcd, 0x3d, 0x45];

/** Erased flash with magics at these offsets. */
function flash(size: number, fill: number, offsets: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(size).fill(fill);
  for (const offset of offsets) bytes.set(MAGIC, offset);
  return bytes;
}

const found = (bytes: Uint8Array): number[] =>
  [...scan(memorySource(bytes))].map(({ offset, kind }) => {
    expect(kind).toBe('image');
    return offset;
  });

describe.each([0, 0xff])('in bytes 0x%x', (fill) => {
  test('a magic is found once, wherever a piece ends', () => {
    for (let shift = -6; shift <= 6; shift += 1) {
      const offsets = [2 * CHUNK + shift];
      expect(found(flash(3 * CHUNK, fill, offsets))).toEqual(offsets);
    }
  });

  test('at the start and at the end', () => {
    for (const size of [2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 3, 2 * CHUNK + 5, 2 * CHUNK + 6]) {
      const offsets = [0, size - MAGIC.length];
      expect(found(flash(size, fill, offsets))).toEqual(offsets);
    }
  });

  test('of nothing but that there is nothing to tell', () => {
    for (const size of [0, 1, 2, CHUNK, CHUNK + 5, 2 * CHUNK]) {
      expect(found(flash(size, fill, []))).toEqual([]);
    }
  });
});

test('reads by the caller in between do not matter', () => {
  const bytes = flash(CHUNK + 100, 0, [10, 20, CHUNK - 2, CHUNK + 50]);
  const shared = new Uint8Array(CHUNK + 100);
  const source = {
    ...memorySource(bytes),
    read: (position: number, length: number) => {
      const piece = bytes.subarray(position, position + length);
      shared.set(piece);
      return shared.subarray(0, piece.length);
    },
  };
  const offsets: number[] = [];
  for (const { offset } of scan(source)) {
    offsets.push(offset);
    source.read(50, 1000);
  }
  expect(offsets).toEqual([10, 20, CHUNK - 2, CHUNK + 50]);
});
