import fc from 'fast-check';
import {
  Planner,
  formatPlan,
  fitPlan,
  parsePlan,
  runWorkload,
  totalPages,
  type Profile,
  type Workload,
} from 'cramfs-planner';
import { buildImageBytes } from 'mkcramfs';
import { expect, test } from 'vitest';
import { programTrees } from '../helpers/program-trees.js';
import { PAGE, backend, outcomesOfAllChoices } from './all-choices.js';

const kernel = { arch: () => 'riscv64' as const, physAddr: 0x2200_0000 };
const build = { xip: { mode: 'mmu' as const } };

/** Pages of programs, of which some may not be in a mapping. */
function profileOf(paths: readonly string[], pages: readonly number[]): Profile {
  const files = new Map(
    paths.map((path, index) => {
      const touched = [...new Set(pages.map((page) => (page * (index + 3)) % 7))].sort();
      return [path, touched.map((first) => ({ first, pages: 1, count: 1 }))] as const;
    }),
  );
  const known = { faultAround: undefined, atLeast: new Map<string, number>() };
  return { source: 'p', format: 'json', kind: 'mapped', pageSize: PAGE, files, ...known };
}

function cases(most: number) {
  return programTrees(most).chain(({ root, paths }) =>
    fc.record({
      root: fc.constant(root),
      workload: fc
        .record({
          counts: fc.array(fc.nat(2), { minLength: paths.length, maxLength: paths.length }),
          touched: fc.constantFrom('all' as const, 'start' as const),
          pages: fc.option(fc.array(fc.nat(6), { maxLength: 4 })),
        })
        .map(({ counts, touched, pages }): Workload => {
          return {
            runs: paths.flatMap((path, index) =>
              counts[index] === 0 ? [] : [{ count: counts[index]!, argv: [path] as const }],
            ),
            touched,
            profiles: pages === null ? [] : [profileOf(paths, pages)],
          };
        }),
      budget: fc.nat(100),
    }),
  );
}

test('a plan keeps its promises: the size of the image, and the RAM in the emulator', async () => {
  let inPlace = 0;
  await fc.assert(
    fc.asyncProperty(cases(4), async ({ root, workload, budget }) => {
      const planner = await Planner.prepare({ root, build, workload, kernel, backend });
      const least = planner.smallest();
      const most = planner.most();
      expect(totalPages(planner.everything.ram) * PAGE).toBeLessThanOrEqual(most.ram);
      const flash =
        least.flash + Math.round(((most.flash - least.flash) * budget) / 100) + (budget % 7);
      const choice = planner.forFlash(flash);
      expect(choice.flash).toBeLessThanOrEqual(flash);
      expect(choice.solution.gap).toBe(0);

      const plan = parsePlan(formatPlan(planner.plan(choice), ['a note']));
      const { file, changes } = await fitPlan(root, plan);
      expect(changes).toEqual([]);
      const { image } = await buildImageBytes(root, { xip: { mode: 'mmu', plan: file } });
      expect(image.length).toBe(choice.flash);
      expect(Buffer.compare(image, await planner.image(choice))).toBe(0);
      const run = runWorkload(image, planner.survey, workload, kernel);
      expect(totalPages(run.ram) * PAGE).toBe(choice.ram);

      const wanted = least.ram - Math.floor(((least.ram - most.ram) * budget) / 100);
      const cheapest = planner.forRam(wanted);
      expect(cheapest.ram).toBeLessThanOrEqual(wanted);
      expect(totalPages((await planner.measure(cheapest)).ram) * PAGE).toBe(cheapest.ram);
      expect((await planner.image(cheapest)).length).toBe(cheapest.flash);
      if (choice.ram < least.ram) inPlace += 1;
    }),
    { numRuns: 60 },
  );
  expect(inPlace).toBeGreaterThan(5);
});

const MOST_CHOICES = 150;

test('no other choice is better: all of them are built, and run in the emulator', async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(cases(2), async ({ root, workload, budget }) => {
      const all = await outcomesOfAllChoices({
        root,
        workload,
        kernel,
        mode: 'mmu',
        inPlace: (pages) => Array.from({ length: pages + 1 }, (_, first) => first),
        most: MOST_CHOICES,
      });
      const planner = await Planner.prepare({ root, build, workload, kernel, backend });
      const sizes = all.map(({ flash }) => flash);
      const [smallest, largest] = [Math.min(...sizes), Math.max(...sizes)];
      const flash = smallest + Math.round(((largest - smallest) * budget) / 100);
      const fitting = all.filter((each) => each.flash <= flash);
      expect(planner.forFlash(flash).ram).toBe(Math.min(...fitting.map(({ ram }) => ram)));
      const rams = all.map(({ ram }) => ram);
      const ram = Math.max(...rams) - ((Math.max(...rams) - Math.min(...rams)) * budget) / 100;
      const enough = all.filter((each) => each.ram <= ram);
      expect(planner.forRam(ram).flash).toBe(Math.min(...enough.map((each) => each.flash)));
      for (const point of planner.curve()) {
        const under = all.filter((each) => each.flash <= point.flash);
        expect(Math.min(...under.map((each) => each.ram))).toBe(point.ram);
      }
      compared += all.length;
    }),
    { numRuns: 40 },
  );
  expect(compared).toBeGreaterThan(500);
});
