import { afterAll, describe, expect, test } from 'vitest';
import {
  firstDifference,
  formatDifference,
  withoutProgramState,
} from '../../packages/xip-emu/src/scenario/compare.js';
import { parseScenario } from '../../packages/xip-emu/src/scenario/parse.js';
import { runScenario } from '../../packages/xip-emu/src/scenario/run.js';
import { createWorld } from '../../packages/xip-emu/src/scenario/world.js';
import { kernelImage, type KernelImageName } from '../helpers/kernel-images.js';
import { recordedScenarios } from '../helpers/kernel-records.js';

const SETS = [
  ['mmu-basic', 'basic', 'linux-6.12'],
  ['mmu-fuzz-a', 'fuzz-a', 'linux-6.12'],
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
    const actual = runScenario(parseScenario(scenario), world);
    const difference = firstDifference(withoutProgramState(records), actual);
    expect(difference === undefined ? '' : formatDifference(difference)).toBe('');
    equal += 1;
  });
});
