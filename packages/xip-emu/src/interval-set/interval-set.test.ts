import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IntervalSet } from './interval-set.js';

interface Range {
  start: number;
  end: number;
  tag?: number;
}

/** The same by looking at everything. */
class NaiveSet {
  ranges: Range[] = [];

  find(at: number): Range | undefined {
    return this.ranges.find(({ end }) => end > at);
  }

  findBefore(at: number): Range | undefined {
    return this.ranges.filter(({ start }) => start < at).at(-1);
  }

  tagAt(at: number): number {
    return this.ranges.find(({ start, end }) => start <= at && at < end)?.tag ?? -1;
  }

  parts(start: number, end: number): number[][] {
    return this.ranges
      .filter((range) => range.start < end && range.end > start)
      .map((range) => [Math.max(range.start, start), Math.min(range.end, end), range.tag!]);
  }

  highestGap(low: number, high: number, length: number): number | undefined {
    for (let start = high - length; start >= low; start -= 1) {
      const used = this.ranges.some((range) => range.start < start + length && range.end > start);
      if (!used) return start;
    }
    return undefined;
  }
}

const SPACE = 2000;

/** Adds, removes, shrinks and grows ranges in both sets alike. */
function change(set: IntervalSet<Range>, naive: NaiveSet, at: number, length: number): void {
  const found = naive.find(at);
  if (found !== undefined && found.start <= at) {
    const index = naive.ranges.indexOf(found);
    if (length === 2) {
      found.tag = at;
      set.retag(found, at);
    } else if (length % 3 === 0) {
      set.remove(found);
      naive.ranges.splice(index, 1);
    } else if (length % 3 === 1) {
      // Up to the neighbours.
      const start = naive.ranges[index - 1]?.end ?? 0;
      const end = naive.ranges[index + 1]?.start ?? SPACE;
      set.resize(found, start, end);
    } else if (found.end - found.start > 1) {
      set.resize(found, Math.min(at + 1, found.end - 1), found.end);
    }
    return;
  }
  const range = { start: at, end: Math.min(at + length, found?.start ?? SPACE), tag: length };
  set.insert(range, length);
  naive.ranges.push(range);
  naive.ranges.sort((a, b) => a.start - b.start);
}

describe('IntervalSet', () => {
  test.each([undefined, 2 ** 40])(
    'random changes: the same as a sorted array (limit %s)',
    (limit) => {
      const steps = fc.array(fc.tuple(fc.nat(SPACE - 1), fc.integer({ min: 1, max: 12 })), {
        minLength: 1,
        maxLength: 800,
      });
      fc.assert(
        fc.property(steps, (changes) => {
          const set = new IntervalSet<Range>(limit);
          const naive = new NaiveSet();
          for (const [at, length] of changes) {
            change(set, naive, at, length);
            const probe = (at * 7 + length) % SPACE;
            expect(set.find(probe)).toBe(naive.find(probe));
            expect(set.findBefore(probe)).toBe(naive.findBefore(probe));
            expect(set.tagAt(probe)).toBe(naive.tagAt(probe));
            const end = Math.min(SPACE, probe + 5 * length);
            const parts: number[][] = [];
            const covered = set.visit(probe, end, (...part) => parts.push(part));
            expect(parts).toEqual(naive.parts(probe, end));
            const pages = parts.reduce((sum, [from, to]) => sum + to! - from!, 0);
            expect(covered).toBe(pages === end - probe);
          }
          expect([...set]).toEqual(naive.ranges);
          expect(set.size).toBe(naive.ranges.length);
          for (const [at, length] of changes.slice(0, 20)) {
            const high = SPACE - (at % 50);
            expect(set.highestGap(3, high, length)).toBe(naive.highestGap(3, high, length));
          }
        }),
        { numRuns: 60 },
      );
    },
  );

  test.each([
    ['no order', (at: number, count: number) => (at * 7919) % count],
    ['ascending order', (at: number) => at],
    ['descending order', (at: number, count: number) => count - 1 - at],
  ])('many neighbours, inserted in %s and taken away again from several places', (_, place) => {
    const set = new IntervalSet<Range>();
    const ranges = Array.from({ length: 20_000 }, (_, at) => ({ start: 2 * at, end: 2 * at + 1 }));
    for (let at = 0; at < ranges.length; at += 1) set.insert(ranges[place(at, ranges.length)]!, at);
    expect([...set]).toEqual(ranges);
    expect(ranges.every((range, at) => set.find(2 * at) === range)).toBe(true);
    expect(ranges.every((range, at) => set.findBefore(2 * at + 1) === range)).toBe(true);
    expect(ranges.every((_, at) => set.tagAt(2 * place(at, ranges.length)) === at)).toBe(true);
    expect(set.tagAt(1)).toBe(-1);
    expect(set.highestGap(0, 40_000, 1)).toBe(39_999);
    expect(set.highestGap(0, 39_999, 1)).toBe(39_997);
    expect(set.highestGap(0, 40_000, 2)).toBeUndefined();
    for (const range of ranges.slice(9_000, 9_100)) set.remove(range);
    expect(set.highestGap(0, 40_000, 2)).toBe(18_198);
    for (let at = 0; at < ranges.length; at += 1) {
      const from = place(at, ranges.length);
      if (from < 9_000 || from >= 9_100) set.remove(ranges[from]!);
    }
    expect(set.size).toBe(0);
    expect([...set]).toEqual([]);
    expect(set.find(0)).toBeUndefined();
    expect(set.highestGap(5, 100, 95)).toBe(5);
    expect(set.highestGap(5, 100, 96)).toBeUndefined();
    set.insert(ranges[0]!, 0);
    expect(set.find(0)).toBe(ranges[0]);
  });

  test('searches beside and beyond everything', () => {
    const set = new IntervalSet<Range>();
    expect(set.find(0)).toBeUndefined();
    expect(set.findBefore(2 ** 40)).toBeUndefined();
    const ranges = Array.from({ length: 100 }, (_, at) => ({ start: at + 10, end: at + 11 }));
    const last = { start: 200, end: 2 ** 31 - 1 };
    for (const range of [...ranges, last]) set.insert(range, 0);
    expect(set.find(0)).toBe(ranges[0]);
    for (const at of [0, 10]) expect(set.findBefore(at)).toBeUndefined();
    expect(set.findBefore(11)).toBe(ranges[0]);
    expect(set.find(2 ** 31 - 2)).toBe(last);
    for (const at of [2 ** 31 - 1, 2 ** 31, 2 ** 40, 2 ** 52]) {
      expect(set.find(at)).toBeUndefined();
      expect(set.findBefore(at)).toBe(last);
    }
    expect(() => {
      set.remove({ start: 10, end: 11 });
    }).toThrow('not in the set');
  });
});
