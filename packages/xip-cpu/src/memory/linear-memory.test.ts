import { expect, test } from 'vitest';
import { LinearMemory, LinearMemoryFull } from './linear-memory.js';

test('pieces begin on pages of WebAssembly, follow each other and do not overlap', () => {
  const linear = new LinearMemory(360_000);
  expect(linear.memory.buffer.byteLength).toBe(6 * 65536);
  const pieces = [linear.allocate(1), linear.allocate(65537), linear.allocate(65536)];
  expect(pieces.map(({ byteOffset, length }) => [byteOffset, length])).toEqual([
    [65536, 1],
    [2 * 65536, 65537],
    [4 * 65536, 65536],
  ]);
  for (const piece of pieces) expect(piece.buffer).toBe(linear.memory.buffer);
  expect(() => linear.allocate(65537)).toThrow(LinearMemoryFull);
  expect(linear.allocate(65536).byteOffset).toBe(5 * 65536);
});
