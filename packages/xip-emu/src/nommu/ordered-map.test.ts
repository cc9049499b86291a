import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OrderedMap } from './ordered-map.js';

test('agrees with a sorted list, over any sequence of insertions and deletions', () => {
  const operation = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 900 }));
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 1500 }), (operations) => {
      const map = new OrderedMap<string>();
      const model = new Map<number, string>();
      for (const [insert, key] of operations) {
        if (insert) {
          map.set(key, `v${key}`);
          model.set(key, `v${key}`);
        } else {
          expect(map.delete(key)).toBe(model.delete(key));
        }
      }
      const keys = [...model.keys()].sort((a, b) => a - b);
      expect([...map.values()]).toEqual(keys.map((key) => `v${key}`));
      expect(map.size).toBe(keys.length);
      for (let key = 0; key <= 900; key += 37) {
        const below = keys.filter((other) => other <= key).at(-1);
        const above = keys.find((other) => other > key);
        expect(map.get(key)).toBe(model.get(key));
        expect(map.floor(key)).toBe(below === undefined ? undefined : `v${below}`);
        expect(map.higher(key)).toBe(above === undefined ? undefined : `v${above}`);
      }
    }),
    { numRuns: 50 },
  );
});

test('splits its chunks, in both directions', () => {
  for (const sign of [1, -1]) {
    const map = new OrderedMap<number>();
    for (let i = 0; i < 2000; i += 1) map.set(sign * i * 3, i);
    expect(map.size).toBe(2000);
    expect(map.floor(sign * 3000 + 1)).toBe(1000);
    expect(map.higher(sign * 3000 - 1)).toBe(1000);
  }
});
