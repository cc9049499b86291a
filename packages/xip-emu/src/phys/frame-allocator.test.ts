import { expect, test } from 'vitest';
import { FrameAllocator } from './frame-allocator.js';

test('the frame that was given back last comes first', () => {
  const allocator = new FrameAllocator(4);
  expect([allocator.take(), allocator.take(), allocator.take()]).toEqual([1, 2, 3]);
  allocator.giveBack(1);
  allocator.giveBack(3);
  expect([allocator.take(), allocator.take(), allocator.take()]).toEqual([3, 1, 4]);
  expect(allocator.take()).toBeUndefined();
});

test('a run is contiguous, wherever its frames come from', () => {
  const allocator = new FrameAllocator(10);
  expect(allocator.takeRun(4)).toBe(1);
  expect(allocator.takeRun(4)).toBe(5);
  for (const frame of [4, 3, 2, 1]) allocator.giveBack(frame);
  expect(allocator.takeRun(4), 'given back in descending order').toBe(1);
  for (const frame of [2, 7, 5, 6, 8]) allocator.giveBack(frame);
  expect(allocator.takeRun(3), 'found among freed ones in no order').toBe(5);
  expect(allocator.takeRun(3), 'none is left').toBeUndefined();
  expect(allocator.takeRun(2), 'never used before').toBe(9);
  expect([allocator.take(), allocator.take()]).toEqual([2, 8]);
});
