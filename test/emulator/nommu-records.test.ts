import { afterAll, describe, expect, test } from 'vitest';
import { NommuMemory } from '#xip-emu/nommu/nommu-memory.js';
import { validateNommu } from '#xip-emu/nommu/validate-nommu.js';
import { compareRecords, formatDifference, isDiagnosis } from '#xip-emu/scenario/compare.js';
import { parseScenario } from '#xip-emu/scenario/parse.js';
import { runScenario, type ScenarioRecord, type ScenarioWorld } from '#xip-emu/scenario/run.js';
import { createWorld } from '#xip-emu/scenario/world.js';
import { kernelImage, type KernelImageName } from '../helpers/kernel-images.js';
import { recordedScenarios, type RecordedScenario } from '../helpers/kernel-records.js';

const SETS = [
  ['nommu-basic', 'basic'],
  ['nommu-fuzz-a', 'fuzz-a'],
  ['nommu-wild-basic', 'basic'],
  ['nommu-wild-a', 'fuzz-a'],
  ['nommu-paths', 'paths'],
] as const satisfies (readonly [set: string, image: KernelImageName])[];

/**
 * Scenarios in which the recorded kernel went wrong, by the README of the records; those of the
 * random sets whose mappings overlap, but that it got to the end of.
 */
const CORRUPT = /^(nu\d|n11|n12|n19)-|-ub$|^(t0021-053|t0021-061|t0022-023)$/;

function run({ scenario }: RecordedScenario, world: ScenarioWorld): ScenarioRecord[] {
  return runScenario(parseScenario(scenario), world, {
    afterEach({ mm }) {
      if (mm instanceof NommuMemory) validateNommu(mm.mm.regions, [mm.mm]);
    },
  });
}

const table: string[] = [];
afterAll(() => {
  process.stdout.write(`${table.join('\n')}\n`);
});

describe.each(SETS)('%s: equal to what Linux 6.12 recorded', (set, imageName) => {
  const scenarios = recordedScenarios(set);
  const world = createWorld(kernelImage(imageName), { mmu: false });
  let equal = 0;
  let stopped = 0;
  afterAll(() => {
    table.push(`${set} -> ${equal}/${scenarios.length} (${stopped} of them end with a diagnosis)`);
  });

  test.each(scenarios)('$name', (recorded) => {
    const actual = run(recorded, world);
    const diagnosed = isDiagnosis(actual.at(-1));
    const difference = compareRecords(recorded.records, actual);
    expect(difference === undefined ? '' : formatDifference(difference)).toBe('');
    const kernel = recorded.records.at(-1)?.['kernel'];
    if (!diagnosed) expect(['ok', 'warned']).toContain(kernel);
    else if (kernel === 'ok') expect(recorded.name).toMatch(CORRUPT);
    equal += 1;
    if (diagnosed) stopped += 1;
  });
});
