import { describe, expect, test } from 'vitest';
import { compareRecords, formatDifference, isDiagnosis } from '#xip-emu/scenario/compare.js';
import { parseScenario } from '#xip-emu/scenario/parse.js';
import { runScenario } from '#xip-emu/scenario/run.js';
import { createWorld } from '#xip-emu/scenario/world.js';
import { damagedImage, damagedRecords } from '../helpers/damaged-images.js';

/** Of a kernel that died: the operation it died in, by the README of the records and their ends. */
const DEATHS: Readonly<Record<string, string>> = {
  'blocks-outside-rom mmu': 'fs/cramfs/inode.c:cramfs_physmem_mmap()',
  'table-outside-rom mmu': 'fs/cramfs/inode.c:cramfs_physmem_mmap()',
  'table-outside-rom nommu': 'fs/cramfs/inode.c:cramfs_physmem_get_unmapped_area()',
  'size-zero mmu': 'fs/cramfs/inode.c:cramfs_blkdev_read()',
};

describe('damaged images: as Linux 6.12 recorded, or a diagnosis where it died', () => {
  test.each(damagedRecords())('$name, MMU: $mmu', ({ name, mmu, scenario, records }) => {
    const actual = runScenario(parseScenario(scenario), createWorld(damagedImage(name), { mmu }));
    const difference = compareRecords(records, actual);
    expect(difference === undefined ? '' : formatDifference(difference)).toBe('');
    const last = actual.at(-1)!;
    expect(isDiagnosis(last) ? last['function'] : undefined).toBe(
      DEATHS[`${name} ${mmu ? 'mmu' : 'nommu'}`],
    );
    expect(isDiagnosis(last)).toBe(records.at(-1)!['kernel'] !== 'ok');
  });
});
