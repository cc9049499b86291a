import { describe, expect, test } from 'vitest';
import {
  clamped,
  offsetAt,
  rowCount,
  rowHeight,
  showing,
  wholeImage,
  xOf,
  zoomed,
} from './geometry.js';

const FRAME = { width: 1000, height: 600, left: 80, right: 0, end: 1 << 24, blockSize: 4096 };

describe('the whole image', () => {
  test.each([1, 4096, 520 << 10, 1 << 24, 2 ** 28])('of %i bytes is seen at once', (end) => {
    const frame = { ...FRAME, end };
    const view = wholeImage(frame);
    expect(rowCount(view, frame) * rowHeight(view, frame)).toBeLessThanOrEqual(frame.height);
    expect(Number.isInteger(Math.log2(view.rowBytes))).toBe(true);
  });
});

describe('zooming', () => {
  test('keeps the byte under the pointer in its row', () => {
    const view = zoomed(wholeImage(FRAME), FRAME, -6, 0x800000);
    const y = (Math.floor(0x800000 / view.rowBytes) - view.top) * rowHeight(view, FRAME);
    const again = zoomed(view, FRAME, -2, 0x800000);
    const after = (Math.floor(0x800000 / again.rowBytes) - again.top) * rowHeight(again, FRAME);
    expect(after).toBeCloseTo(y);
  });

  test('ends at the whole image and at 64 bytes', () => {
    expect(zoomed(wholeImage(FRAME), FRAME, 5, 0)).toEqual(wholeImage(FRAME));
    expect(zoomed(wholeImage(FRAME), FRAME, -99, 0).rowBytes).toBe(64);
  });
});

test('a place gives the byte that is drawn there', () => {
  const view = clamped({ rowBytes: 8192, top: 100 }, FRAME);
  const x = xOf(view, FRAME, 4096);
  expect(offsetAt(view, FRAME, x, 0)).toBe(100 * 8192 + 4096);
  expect(offsetAt(view, FRAME, 10, 0)).toBeUndefined();
  expect(offsetAt(view, { ...FRAME, end: 4096 }, x, 0)).toBeUndefined();
});

test('a byte elsewhere is brought into view, one that is there leaves the view as it is', () => {
  const view = clamped({ rowBytes: 8192, top: 100 }, FRAME);
  expect(showing(view, FRAME, 110 * 8192)).toBe(view);
  expect(showing(view, FRAME, 0).top).toBe(0);
  const below = showing(view, FRAME, 1000 * 8192);
  expect(below.top).toBeLessThanOrEqual(1000);
  expect(below.top + FRAME.height / rowHeight(below, FRAME)).toBeGreaterThanOrEqual(1001);
});
