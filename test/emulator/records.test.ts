import { afterAll, describe, expect, test } from 'vitest';
import { Mm } from '../../packages/xip-emu/src/mm/mm-struct.js';
import { validateMm } from '../../packages/xip-emu/src/mm/validate.js';
import {
  firstDifference,
  formatDifference,
  withoutProgramState,
} from '../../packages/xip-emu/src/scenario/compare.js';
import { parseScenario } from '../../packages/xip-emu/src/scenario/parse.js';
import { runScenario, type ScenarioRecord } from '../../packages/xip-emu/src/scenario/run.js';
import { createWorld } from '../../packages/xip-emu/src/scenario/world.js';
import { kernelImage, type KernelImageName } from '../helpers/kernel-images.js';
import { recordedScenarios } from '../helpers/kernel-records.js';

const SETS = [
  ['mmu-basic', 'basic', 'linux-6.12'],
  ['mmu-fuzz-a', 'fuzz-a', 'linux-6.12'],
  ['v3-mmu-basic', 'basic', 'linux-6.12-v3-vmasplit'],
  ['v3-mmu-fuzz-a', 'fuzz-a', 'linux-6.12-v3-vmasplit'],
  ['v3-mmu-split', 'basic', 'linux-6.12-v3-vmasplit'],
] as const satisfies (readonly [set: string, image: KernelImageName, policy: string])[];

/**
 * Programs whose own code changes their areas before they first look at them: under the patch the
 * first access behind a gap splits one. Their areas are for a machine that runs the code.
 */
const CODE_SPLITS_AREAS: Readonly<Record<string, readonly string[]>> = {
  'v3-mmu-basic': ['/rom/bin/xpie-gap'],
  'v3-mmu-split': ['/rom/bin/xpie-gap'],
};

/** The records without the areas of some programs. */
function withoutPrograms(
  records: readonly ScenarioRecord[],
  programs: readonly string[],
): ScenarioRecord[] {
  let left = true;
  return withoutProgramState(records).filter((record) => {
    if (record['op'] === 'x-start') left = !programs.includes(String(record['argv0']));
    return left || record['op'] !== 'x-maps';
  });
}

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
        if (mm instanceof Mm) validateMm(mm);
      },
    });
    const programs = CODE_SPLITS_AREAS[set] ?? [];
    const difference = firstDifference(
      withoutPrograms(records, programs),
      withoutPrograms(actual, programs),
    );
    expect(difference === undefined ? '' : formatDifference(difference)).toBe('');
    equal += 1;
  });
});
