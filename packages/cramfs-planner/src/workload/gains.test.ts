import { expect, test } from 'vitest';
import { thinned } from './gains.js';

const upTo = (pages: number): number[] => Array.from({ length: pages + 1 }, (_, each) => each);
const combinations = (amounts: readonly (readonly number[])[]): number =>
  amounts.reduce((count, each) => count * each.length, 1);

test('few combinations are all looked at', () => {
  const amounts = [upTo(20), upTo(5), upTo(100)];
  expect(thinned(amounts)).toEqual(amounts);
});

test.each([[[100, 500, 200]], [[5000, 5000, 5000]], [[1, 4000, 1, 4000]], [[50, 50, 50, 50]]])(
  'of parts of %j pages not too many, with the ends of each',
  (sizes) => {
    const kept = thinned(sizes.map(upTo));
    expect(combinations(kept)).toBeLessThanOrEqual(20_000);
    expect(combinations(kept)).toBeGreaterThan(2000);
    for (const [part, pages] of sizes.entries()) {
      expect(kept[part]![0]).toBe(0);
      expect(kept[part]!.slice(-2)).toEqual([pages - 1, pages]);
      expect([...kept[part]!].sort((a, b) => a - b)).toEqual(kept[part]);
    }
  },
);
