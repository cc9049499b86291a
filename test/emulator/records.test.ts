import { afterAll, describe, expect, test } from 'vitest';
import { MmuMemory } from '#xip-emu/mm/mmu-memory.js';
import { validateMm } from '#xip-emu/mm/validate.js';
import { compareRecords, formatDifference } from '#xip-emu/scenario/compare.js';
import { parseScenario } from '#xip-emu/scenario/parse.js';
import { runScenario } from '#xip-emu/scenario/run.js';
import { createWorld } from '#xip-emu/scenario/world.js';
import { kernelImage, type KernelImageName } from '../helpers/kernel-images.js';
import { recordedScenarios } from '../helpers/kernel-records.js';

const SETS = [
  ['mmu-basic', 'basic', 'linux-6.12'],
  ['mmu-fuzz-a', 'fuzz-a', 'linux-6.12'],
  ['v3-mmu-basic', 'basic', 'linux-6.12-v3-vmasplit'],
  ['v3-mmu-fuzz-a', 'fuzz-a', 'linux-6.12-v3-vmasplit'],
  ['v3-mmu-split', 'basic', 'linux-6.12-v3-vmasplit'],
  ['mmu-edges', 'basic', 'linux-6.12'],
  ['mmu-wild-basic', 'basic', 'linux-6.12'],
  ['mmu-wild-a', 'fuzz-a', 'linux-6.12'],
  ['v3-mmu-wild-a', 'fuzz-a', 'linux-6.12-v3-vmasplit'],
  ['mmu-names-a', 'fuzz-a', 'linux-6.12'],
  ['mmu-paths', 'paths', 'linux-6.12'],
  ['mmu-trunc', 'paths', 'linux-6.12'],
  ['paths-mini', 'paths', 'linux-6.12'],
] as const satisfies (readonly [set: string, image: KernelImageName, policy: string])[];

const table: string[] = [];
afterAll(() => {
  process.stdout.write(`${table.join('\n')}\n`);
});

describe.each(SETS)('%s, image %s: equal to what %s recorded', (set, imageName, policy) => {
  const scenarios = recordedScenarios(set);
  const world = createWorld(kernelImage(imageName), { mmu: true, policy });
  let equal = 0;
  afterAll(() => {
    table.push(`${set} -> ${equal}/${scenarios.length}`);
  });

  test.each(scenarios)('$name', ({ scenario, records }) => {
    const actual = runScenario(parseScenario(scenario), world, {
      afterEach({ mm }) {
        if (mm instanceof MmuMemory) validateMm(mm.mm);
      },
    });
    const difference = compareRecords(records, actual);
    expect(difference === undefined ? '' : formatDifference(difference)).toBe('');
    equal += 1;
  });
});
