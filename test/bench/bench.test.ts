import { describe, expect, test } from 'vitest';
import { runContest, type Result } from '../../bench/src/contest.js';
import { BUILD, OURS, PEER, READ } from '../../bench/src/contests.js';
import { MIB, prefixOf } from '../../bench/src/corpus.js';
import { median } from '../../bench/src/run.js';
import { growthExponent, judge } from '../../bench/src/targets.js';
import { withTemporaryDirectory } from '../helpers/peers.js';

function result(contest: string, tool: string, wall: number, more: Partial<Result> = {}): Result {
  const median = { wall, cpu: wall, peak: 0 };
  return { contest, tool, bytes: 200 * MIB, runs: [median], median, outputBytes: 100, ...more };
}

describe('median', () => {
  test('of an odd and of an even number of values, in any order', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });
});

describe('prefixOf', () => {
  const files = [10, 20, 30].map((size, at) => ({ path: `/usr/${at}`, size, kind: 'programs' }));

  test('is the shortest that is large enough', () => {
    expect(prefixOf(files, 1)).toHaveLength(1);
    expect(prefixOf(files, 10)).toHaveLength(1);
    expect(prefixOf(files, 11)).toHaveLength(2);
    expect(prefixOf(files, 60)).toHaveLength(3);
  });

  test('is everything if there is not enough', () => {
    expect(prefixOf(files, 61)).toEqual(files);
  });
});

describe('growthExponent', () => {
  const builds = (wall: (bytes: number) => number): Result[] =>
    [25, 50, 100, 200].map((size) =>
      result(size === 200 ? BUILD : `${BUILD} ${size} MiB`, OURS.build, wall(size * MIB), {
        bytes: size * MIB,
      }),
    );

  test('1 is linear, 2 is quadratic', () => {
    expect(growthExponent(builds((bytes) => bytes / 1e7))).toBeCloseTo(1);
    expect(growthExponent(builds((bytes) => bytes ** 2 / 1e14))).toBeCloseTo(2);
  });

  test('a constant part makes it less than 1', () => {
    expect(growthExponent(builds((bytes) => 1 + bytes / 1e8))).toBeLessThan(0.7);
  });

  test('one size says nothing', () => {
    expect(growthExponent(builds((bytes) => bytes).slice(-1))).toBeUndefined();
  });
});

describe('judge', () => {
  test('passes at the limit, fails above, and leaves open what was not measured', () => {
    const verdicts = judge([
      result(BUILD, OURS.build, 0.23, { outputBytes: 101 }),
      result(BUILD, PEER.build, 1),
      result(READ, OURS.check, 0.44),
      result(READ, PEER.extract, 1),
    ]);
    const passed = (target: string) =>
      verdicts.find((verdict) => verdict.target.startsWith(target))?.pass;
    expect(passed('build: time')).toBe(true);
    expect(passed('build: image size')).toBe(false);
    expect(passed('check: time')).toBe(true);
    expect(passed('extract: time')).toBeUndefined();
    expect(passed('start-up')).toBeUndefined();
  });
});

describe('runContest', () => {
  const contest = (script: string, tool = 'node') => ({
    name: 'test',
    bytes: 1,
    rounds: 2,
    contestants: [
      { tool, argv: [process.execPath, '-e', script] },
      { tool: 'other', argv: [process.execPath, '-e', ''] },
    ],
  });

  test('measures whole processes, in turns', async () => {
    await withTemporaryDirectory(async (scratch) => {
      const turns: string[] = [];
      const script = 'while (process.cpuUsage().user < 150_000); Buffer.alloc(5e7, 1)';
      const [busy] = await runContest(contest(script), scratch, (text) => turns.push(text));
      expect(turns.map((text) => text.split(',')[0])).toEqual(
        ['node', 'other', 'node', 'other'].map((tool) => `test: ${tool}`),
      );
      expect(busy!.runs).toHaveLength(2);
      expect(busy!.median.wall).toBeGreaterThan(0.1);
      expect(busy!.median.cpu).toBeGreaterThan(0.1);
      expect(busy!.median.peak).toBeGreaterThan(5e7);
    });
  });

  test('a contestant that fails ends it, with its own words', async () => {
    await withTemporaryDirectory(async (scratch) => {
      const failing = contest('console.error("no space left"); process.exit(8)');
      await expect(runContest(failing, scratch, () => undefined)).rejects.toThrow(/no space left/);
    });
  });
});
