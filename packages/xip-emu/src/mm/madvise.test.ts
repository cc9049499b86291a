import { expect, test } from 'vitest';
import { mapAnonymous, mmOf, romMachine } from '../../../../test/helpers/emulator.js';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import { PROT_READ, PROT_WRITE } from '../memory-map.js';
import type { Process } from '../process.js';
import { smapsCounts } from './task-mmu.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';

const ADDRESS = 0x40000000;
const RW = PROT_READ | PROT_WRITE;

function counts(process: Process): { clean: number; dirty: number } {
  const mm = mmOf(process);
  const { sharedClean, sharedDirty } = smapsCounts(mm, mm.vmas.vmaAt(ADDRESS / PAGE_SIZE)!);
  return { clean: sharedClean, dirty: sharedDirty };
}

test('MADV_FREE makes pages clean that a child has, too', () => {
  const machine = romMachine(kernelImage('basic'));
  const parent = machine.spawn();
  mapAnonymous(parent, 1, RW, { address: ADDRESS });
  parent.store(ADDRESS, 1);
  const child = machine.fork(parent);
  child.madvise(ADDRESS, PAGE_SIZE, 'free');
  expect(counts(child)).toEqual({ clean: PAGE_SIZE, dirty: 0 });
  expect(counts(parent)).toEqual({ clean: 0, dirty: PAGE_SIZE });
});

test('MADV_POPULATE_WRITE leaves the dirt to the entry', () => {
  const machine = romMachine(kernelImage('basic'));
  const parent = machine.spawn();
  mapAnonymous(parent, 1, RW, { address: ADDRESS });
  parent.madvise(ADDRESS, PAGE_SIZE, 'populate_w');
  const child = machine.fork(parent);
  child.madvise(ADDRESS, PAGE_SIZE, 'free');
  expect(counts(child)).toEqual({ clean: PAGE_SIZE, dirty: 0 });
});

test('one area too many is something to try again', () => {
  const machine = romMachine(kernelImage('basic'), { maxMapCount: 5 });
  const process = machine.spawn();
  mapAnonymous(process, 5, RW, { address: ADDRESS });
  const advise = (page: number): void => {
    process.madvise(ADDRESS + page * PAGE_SIZE, PAGE_SIZE, 'random');
  };
  advise(1);
  expect(() => {
    advise(3);
  }).toThrow('EAGAIN');
});
