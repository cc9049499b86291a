import { describe, expect, test } from 'vitest';
import { compareRecords, formatDifference } from '#xip-emu/scenario/compare.js';
import { parseScenario } from '#xip-emu/scenario/parse.js';
import { parseRecords, formatRecords } from '#xip-emu/scenario/record-lines.js';
import { runScenario, type ScenarioRecord } from '#xip-emu/scenario/run.js';
import { createWorld } from '#xip-emu/scenario/world.js';
import { kernelImage, type KernelImageName } from '../helpers/kernel-images.js';
import { recordedScenarios } from '../helpers/kernel-records.js';

/*
 * FUSE passthrough is transparent: what kernels were recorded to do with files in ROM they do with
 * the same files through FUSE, page by page, but for the path.
 */

const SETS = [
  ['mmu-basic', 'basic', 'linux-6.12'],
  ['mmu-fuzz-a', 'fuzz-a', 'linux-6.12'],
  ['v3-mmu-split', 'basic', 'linux-6.12-v3-vmasplit'],
] as const satisfies (readonly [set: string, image: KernelImageName, policy: string])[];

/** Adjacent maps of one file: those of a backing file stay two areas. */
const MERGED = 'm35-adjacent-merge';

/** The same with another path, another mount, and no inodes, which are only told of /rom. */
function throughFuse(records: readonly ScenarioRecord[]): ScenarioRecord[] {
  const lines = formatRecords(records)
    .replaceAll('/rom/', '/fuse/')
    .replaceAll('mount mtd', 'mount fuse')
    .replaceAll(/"ino":\d+,/g, '');
  return parseRecords(lines);
}

describe.each(SETS)('%s, image %s, %s: the same through FUSE passthrough', (set, image, policy) => {
  const world = createWorld(kernelImage(image), { mmu: true, policy });
  const onRom = recordedScenarios(set).filter(
    ({ name, scenario }) => name !== MERGED && /^mount mtd$/m.test(scenario),
  );

  test('there are scenarios on ROM', () => {
    expect(onRom.length).toBeGreaterThan(10);
  });

  test.each(onRom)('$name', ({ scenario, records }) => {
    const actual = runScenario(parseScenario(scenario.replace('mount mtd', 'mount fuse')), world);
    const difference = compareRecords(throughFuse(records), actual);
    expect(difference === undefined ? '' : formatDifference(difference)).toBe('');
  });
});

test('an area of a backing file is not extended by mmap, which looks for the user’s file', () => {
  const world = createWorld(kernelImage('basic'), { mmu: true });
  const scenario = (kind: string): string => `mount ${kind}
    open 0 allcomp-9p r
    mmap a 0 0x2000 r private 0 0x40000000
    mmap b 0 0x2000 r private 2 0x40002000
    maps`;
  const areas = ['mtd', 'overlay', 'fuse', 'fuse-cached'].map((kind) => {
    const maps = runScenario(parseScenario(scenario(kind)), world).find(({ op }) => op === 'maps');
    return (maps!['vmas'] as unknown[]).length;
  });
  expect(areas).toEqual([1, 2, 2, 1]);
});
