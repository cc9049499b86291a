import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Choice, Item } from './item.js';
import { TradeOff } from './trade-off.js';

/** Prices fall and rise with the gain: nothing is convex. */
const choice: fc.Arbitrary<Choice> = fc.record({ bytes: fc.nat(40), gain: fc.nat(6) });
const items: fc.Arbitrary<Item[]> = fc.array(
  fc.record({ choices: fc.array(choice, { minLength: 1, maxLength: 5 }) }),
  { maxLength: 5 },
);

function allWays(given: readonly Item[]): Choice[] {
  let ways: Choice[] = [{ bytes: 0, gain: 0 }];
  for (const { choices } of given) {
    ways = ways.flatMap((way) =>
      choices.map(({ bytes, gain }) => ({ bytes: way.bytes + bytes, gain: way.gain + gain })),
    );
  }
  return ways;
}

function best(ways: readonly Choice[], bytes: number): Choice | undefined {
  const fitting = ways.filter((way) => way.bytes <= bytes);
  return fitting.sort((a, b) => b.gain - a.gain || a.bytes - b.bytes)[0];
}

function cheapest(ways: readonly Choice[], gain: number): Choice | undefined {
  const enough = ways.filter((way) => way.gain >= gain);
  return enough.sort((a, b) => a.bytes - b.bytes || b.gain - a.gain)[0];
}

test('no way to choose is better than the solution', () => {
  fc.assert(
    fc.property(items, fc.nat(120), fc.nat(20), (given, bytes, gain) => {
      const tradeOff = new TradeOff(given);
      const ways = allWays(given);
      expect(tradeOff.isExact).toBe(true);
      const pick = (found: Choice | undefined) => found && { bytes: found.bytes, gain: found.gain };
      expect(pick(tradeOff.within(bytes))).toEqual(pick(best(ways, bytes)));
      expect(pick(tradeOff.reaching(gain))).toEqual(pick(cheapest(ways, gain)));
      for (const point of tradeOff.points()) expect(best(ways, point.bytes)).toEqual(point);
      expect(tradeOff.points().at(-1)!.gain).toBe(Math.max(...ways.map((way) => way.gain)));
    }),
    { numRuns: 500 },
  );
});

test('a solution holds a choice of each item, and adds up', () => {
  fc.assert(
    fc.property(items, fc.nat(120), (given, bytes) => {
      const found = new TradeOff(given).within(bytes);
      if (found === undefined) return;
      expect(found.choices.length).toBe(given.length);
      for (const [index, each] of found.choices.entries()) {
        expect(given[index]!.choices).toContain(each);
      }
      expect(found.choices.reduce((sum, each) => sum + each.bytes, 0)).toBe(found.bytes);
      expect(found.bytes).toBeLessThanOrEqual(bytes);
    }),
  );
});

test('out of time: a solution that fits, and a bound that the best one keeps', () => {
  fc.assert(
    fc.property(
      items.filter(({ length }) => length > 0),
      fc.nat(120),
      fc.nat(20),
      (given, bytes, gain) => {
        const tradeOff = new TradeOff(given, () => true);
        expect(tradeOff.isExact).toBe(false);
        const ways = allWays(given);
        const found = tradeOff.within(bytes);
        const most = best(ways, bytes);
        expect(found === undefined).toBe(most === undefined);
        if (found !== undefined) {
          expect(found.bytes).toBeLessThanOrEqual(bytes);
          expect(found.gap).toBeGreaterThanOrEqual(most!.gain - found.gain);
        }
        const reached = tradeOff.reaching(gain);
        const least = cheapest(ways, gain);
        expect(reached === undefined).toBe(least === undefined);
        if (reached !== undefined) {
          expect(reached.gain).toBeGreaterThanOrEqual(gain);
          expect(reached.gap).toBeGreaterThanOrEqual(reached.bytes - least!.bytes);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('a system of 300 programs is solved in one go', () => {
  let state = 1;
  const random = (limit: number): number => {
    state = (state * 48271) % 0x7fffffff;
    return state % limit;
  };
  const given = Array.from({ length: 300 }, (): Item => {
    let bytes = 0;
    const choices = Array.from({ length: 25 }, (_, gain): Choice => {
      bytes += random(4096);
      return { bytes, gain };
    });
    return { choices };
  });
  const tradeOff = new TradeOff(given);
  const points = tradeOff.points();
  expect(points.at(-1)).toMatchObject({ gain: 300 * 24 });
  const half = points.at(-1)!.bytes / 2;
  const bounded = new TradeOff(given, () => true).within(half)!;
  const exact = tradeOff.within(half)!;
  expect(exact.gain).toBeGreaterThanOrEqual(bounded.gain);
  expect(exact.gain).toBeLessThanOrEqual(bounded.gain + bounded.gap);
});
