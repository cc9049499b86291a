import fc from 'fast-check';
import { Planner, fitPlan, formatPlan, parsePlan, runWorkload, totalPages } from 'cramfs-planner';
import type { Workload } from 'cramfs-planner';
import { buildImageBytes, type DirectoryEntry, type TreeEntry } from 'mkcramfs';
import { expect, test } from 'vitest';
import { fdpicFile, flatFile } from '../helpers/nommu-programs.js';
import { directory, file, noise, prose } from '../helpers/trees.js';
import { PAGE, backend, outcomesOfAllChoices } from './all-choices.js';

const kernel = { arch: () => 'arm' as const, physAddr: 0x2200_0000 };
const build = { xip: { mode: 'nommu' as const } };

/** An FDPIC program of two read-only segments and data, or a bFLT program. */
const programs = fc
  .record({
    flat: fc.boolean(),
    text: fc.integer({ min: 300, max: 6 * PAGE }),
    rodata: fc.integer({ min: 200, max: 2 * PAGE }),
    data: fc.integer({ min: 100, max: 2 * PAGE }),
    seed: fc.nat(2),
    dense: fc.boolean(),
  })
  .map(({ flat, text, rodata, data, seed, dense }) => {
    const bytesOf = (length: number): Uint8Array =>
      dense ? noise(length, seed) : prose(length, seed);
    if (flat) return flatFile(bytesOf(text), bytesOf(data));
    const start = PAGE * Math.ceil(rodata / PAGE);
    const end = start + PAGE * Math.ceil(text / PAGE);
    const segments = [
      { flags: 4, offset: 0, filesz: rodata, vaddr: 0 },
      { flags: 5, offset: start, filesz: text, vaddr: 0x10000 },
      { flags: 6, offset: end, filesz: data, vaddr: 0x20000 },
    ];
    return fdpicFile(segments, bytesOf(end + data));
  });

const cases = fc
  .array(fc.tuple(programs, fc.nat(2), fc.constantFrom(0o755, 0o4755)), {
    minLength: 1,
    maxLength: 3,
  })
  .chain((given) => {
    const entries: Record<string, TreeEntry> = { text: file(prose(9000, 1)) };
    for (const [index, [bytes, , mode]] of given.entries())
      entries[`p${index}`] = file(bytes, { mode });
    const workload: Workload = {
      runs: given.flatMap(([, count], index) =>
        count === 0 ? [] : [{ count, argv: [`/p${index}`] as const }],
      ),
      touched: 'all',
      profiles: [],
    };
    const root: DirectoryEntry = directory(entries);
    return fc.record({
      root: fc.constant(root),
      workload: fc.constant(workload),
      budget: fc.nat(100),
    });
  });

test('without an MMU a plan keeps its promises, and no other choice is better', async () => {
  let saved = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ({ root, workload, budget }) => {
      const all = await outcomesOfAllChoices({
        root,
        workload,
        kernel,
        mode: 'nommu',
        inPlace: (pages) => [0, pages],
        most: Infinity,
      });
      const planner = await Planner.prepare({ root, build, workload, kernel, backend });
      const sizes = all.map(({ flash }) => flash);
      const least = Math.min(...sizes);
      const flash = least + Math.round(((Math.max(...sizes) - least) * budget) / 100);
      const best = Math.min(...all.filter((each) => each.flash <= flash).map(({ ram }) => ram));
      const choice = planner.forFlash(flash);
      expect(choice.ram).toBe(best);
      const { file: plan } = await fitPlan(root, parsePlan(formatPlan(planner.plan(choice))));
      const { image } = await buildImageBytes(root, { xip: { mode: 'nommu', plan } });
      expect(image.length).toBe(choice.flash);
      const run = runWorkload(image, planner.survey, workload, kernel);
      expect(totalPages(run.ram) * PAGE).toBe(choice.ram);
      if (choice.ram < planner.smallest().ram) saved += 1;
    }),
    { numRuns: 60 },
  );
  expect(saved).toBeGreaterThan(10);
});

test('an allocation that is not trimmed counts as Linux makes it', async () => {
  const text = prose(5 * PAGE - 64, 1);
  const root = directory({ p: file(flatFile(text, noise(100, 2)), { mode: 0o755 }) });
  const workload: Workload = { runs: [{ count: 1, argv: ['/p'] }], touched: 'all', profiles: [] };
  const gainOf = async (trim: number): Promise<number> => {
    const config = { NOMMU_INITIAL_TRIM_EXCESS: trim };
    const request = { root, build, workload, kernel: { ...kernel, config }, backend };
    const planner = await Planner.prepare(request);
    return (planner.smallest().ram - planner.most().ram) / PAGE;
  };
  // Five pages of text: a block of eight, of which three are given back or not; and the page cache.
  expect((await gainOf(0)) - (await gainOf(1))).toBe(3);
});
