import { expect, test } from 'vitest';
import { GrowingBytes } from './growing-bytes.js';

test('keeps pieces of any size, one after the other, in memory that threads can share', () => {
  const growing = new GrowingBytes(20 * 2 ** 20);
  for (const size of [0, 1, 70_000, 5, 3_000_000, 0, 6_000_000]) {
    const piece = Uint8Array.from({ length: size }, (_, index) => index * 7 + size);
    expect(growing.append(piece)).toBe(true);
  }
  const { bytes } = growing;
  expect(bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(bytes).toHaveLength(9_070_006);
  expect([...bytes.subarray(1, 4)]).toEqual([70_000, 70_007, 70_014].map((value) => value & 0xff));
});

test('accepts what fits exactly, and refuses the rest', () => {
  const growing = new GrowingBytes(10);
  expect(growing.append(new Uint8Array(8).fill(1))).toBe(true);
  expect(growing.append(new Uint8Array(3).fill(2))).toBe(false);
  expect(growing.append(new Uint8Array(2).fill(3))).toBe(true);
  expect([...growing.bytes]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 3, 3]);
});

test('zeros are there as well', () => {
  const growing = new GrowingBytes(2 ** 20);
  const ends = Uint8Array.of(0, ...new Uint8Array(99_998), 7);
  for (const piece of [new Uint8Array(100_000), ends, new Uint8Array(5)]) growing.append(piece);
  const expected = new Uint8Array(200_005);
  expected[199_999] = 7;
  expect(Buffer.compare(growing.bytes, expected)).toBe(0);
});
