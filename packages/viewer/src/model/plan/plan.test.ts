import { openImage } from 'cramfs-reader';
import { parsePlan } from 'cramfs-planner';
import { beforeAll, describe, expect, test } from 'vitest';
import { kernelImage } from '../../../../../test/helpers/kernel-images.js';
import { planChoice, planFile, planOverview } from './answer.js';
import { preparePlan, type PlanRequest, type PreparedPlan } from './prepare.js';

const image = openImage(kernelImage('basic'));
const REQUEST: PlanRequest = {
  kernel: { mmu: true, physAddr: 0x22000000 },
  policy: 'linux-6.12',
  runs: '',
  touched: undefined,
  profiles: [],
  loader: 'auto',
};

describe('a plan of an image', () => {
  let prepared: PreparedPlan;
  beforeAll(async () => {
    prepared = await preparePlan(image, REQUEST);
  }, 60_000);

  test('the curve falls from the smallest image to the least RAM', () => {
    const { curve, named, exact, nothing, pageSize, touched } = planOverview(prepared);
    expect([exact, pageSize, touched]).toEqual([true, 4096, 'all']);
    expect(curve[0]!.ram).toBeLessThanOrEqual(nothing);
    for (const [index, { flash, ram }] of curve.entries()) {
      if (index === 0) continue;
      expect(flash).toBeGreaterThan(curve[index - 1]!.flash);
      expect(ram).toBeLessThan(curve[index - 1]!.ram);
    }
    expect(named.map(({ name }) => name)).toContain('smallest image');
  });

  test('each point of the curve is the choice for its budget; below the smallest, the smallest image', () => {
    const { curve } = planOverview(prepared);
    for (const { flash, ram } of [curve[0]!, curve[Math.floor(curve.length / 2)]!, curve.at(-1)!]) {
      expect(planChoice(prepared, flash)).toMatchObject({ flash, ram, gap: 0 });
    }
    const [least] = curve;
    expect(planChoice(prepared, 0)).toMatchObject({ flash: least!.flash });
    expect(planChoice(prepared, 2 ** 40)).toMatchObject({ ram: curve.at(-1)!.ram });
    const { parts } = planChoice(prepared, curve.at(-1)!.flash);
    expect(new Set(parts.map(({ key }) => key)).size).toBe(parts.length);
    expect(parts.some(({ inPlace }) => inPlace > 0)).toBe(true);
  });

  test('the plan file is one that cramfs build reads', () => {
    const { curve } = planOverview(prepared);
    const plan = parsePlan(planFile(prepared, curve.at(-1)!.flash));
    expect(plan.mmu).toBe(true);
    expect(plan.lines.length).toBeGreaterThan(0);
  });
});

test('programs and profiles make the workload', async () => {
  const profile = JSON.stringify({
    format: 'cramfs-profile',
    version: 1,
    kind: 'mapped',
    pageSize: 4096,
    files: [
      { path: '/bin/xpie-gap', touched: [{ first: 0, pages: 2 }] },
      { path: '/bin/no\nne', touched: [{ first: 0, pages: 1 }] },
    ],
  });
  const prepared = await preparePlan(image, {
    ...REQUEST,
    runs: '# programs\n2*bin/xpie-gap x\n',
    profiles: [{ name: 'board.json', text: profile }],
  });
  const { programs, profiles, touched } = planOverview(prepared);
  expect(touched).toBe('start');
  expect(programs).toMatchObject([{ command: '/bin/xpie-gap x', count: 2 }]);
  expect(profiles).toEqual([
    {
      source: 'board.json',
      format: 'json',
      files: 1,
      neighbours: false,
      problems: ['/bin/no\\x0ane: not in the tree'],
    },
  ]);
}, 60_000);

test.each([
  ['0*a', "'0*a' is not a program: use PROGRAM [ARG...] or N*PROGRAM [ARG...], N from 1 to 1000"],
  ['600*a\n600*b', '1200 programs are too many: use at most 1000'],
])('the workload %j is wrong', async (runs, message) => {
  await expect(preparePlan(image, { ...REQUEST, runs })).rejects.toThrow(message);
});
