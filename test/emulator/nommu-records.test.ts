import { openImage } from 'cramfs-reader';
import { afterAll, describe, expect, test } from 'vitest';
import { Machine } from '../../packages/xip-emu/src/machine.js';
import { NommuMm } from '../../packages/xip-emu/src/nommu/nommu-mm.js';
import { validateNommu } from '../../packages/xip-emu/src/nommu/validate-nommu.js';
import { firstDifference, formatDifference } from '../../packages/xip-emu/src/scenario/compare.js';
import { NommuScenarioOps } from '../../packages/xip-emu/src/scenario/nommu-ops.js';
import { parseScenario } from '../../packages/xip-emu/src/scenario/parse.js';
import { runScenario, type ScenarioRecord } from '../../packages/xip-emu/src/scenario/run.js';
import { ROM_ADDRESS, kernelImage, type KernelImageName } from '../helpers/kernel-images.js';
import { recordedScenarios, type RecordedScenario } from '../helpers/kernel-records.js';

const ROM_SIZE = 32 << 20;
const SETS = [
  ['nommu-basic', 'basic'],
  ['nommu-fuzz-a', 'fuzz-a'],
] as const satisfies (readonly [set: string, image: KernelImageName])[];

/** Scenarios in which the recorded kernel went wrong, by the README of the records. */
const CORRUPT = /^(nu\d|n11|n12|n19)-|-ub$/;

/** Code is not run: of a program's own records only its memory at the start counts. */
function comparable(records: readonly ScenarioRecord[]): ScenarioRecord[] {
  return records.filter(
    ({ op, when }) => op !== 'x-check' && (op !== 'x-maps' || when === 'start'),
  );
}

function run({ scenario }: RecordedScenario, bytes: Uint8Array): ScenarioRecord[] {
  const image = openImage(bytes);
  const rom = { address: ROM_ADDRESS, size: ROM_SIZE, bytes };
  const machine = new Machine({ mmu: false, roms: [rom] });
  const world = {
    mount(kind: string) {
      machine.mountCramfs('/rom', image, kind.endsWith('block') ? undefined : ROM_ADDRESS);
      return new NommuScenarioOps({ machine, root: '/rom' });
    },
  };
  const records = runScenario(parseScenario(scenario), world, {
    afterEach({ mm }) {
      if (mm instanceof NommuMm) validateNommu(machine.vmRegions, [mm]);
    },
  });
  if (records.at(-1)?.['op'] === 'scenario-end') {
    expect(machine.vmRegions.count).toBe(0);
    expect(machine.vmRegions.ram.pagesAllocated).toBe(0);
  }
  return records;
}

const table: string[] = [];
afterAll(() => {
  process.stdout.write(`${table.join('\n')}\n`);
});

describe.each(SETS)('%s: equal to what Linux 6.12 recorded', (set, imageName) => {
  const scenarios = recordedScenarios(set);
  const bytes = kernelImage(imageName);
  let equal = 0;
  afterAll(() => {
    table.push(`${set} -> ${equal}/${scenarios.length}`);
  });

  test.each(scenarios)('$name', (recorded) => {
    const actual = run(recorded, bytes);
    const expected = comparable(recorded.records);
    const diagnosed = actual.at(-1)?.['op'] === 'diagnosis';
    const difference = diagnosed
      ? firstDifference(expected.slice(0, actual.length - 1), actual.slice(0, -1))
      : firstDifference(expected, actual);
    expect(difference === undefined ? '' : formatDifference(difference)).toBe('');
    if (diagnosed) expect(recorded.name).toMatch(CORRUPT);
    equal += 1;
  });
});
