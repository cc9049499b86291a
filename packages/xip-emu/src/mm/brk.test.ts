import { expect, test } from 'vitest';
import { mapAnonymous, memoryOf, romMachine } from '../../../../test/helpers/emulator.js';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import { execElf } from '../exec/elf.js';
import { execNommu } from '../exec/nommu-program.js';
import { PROT_READ, PROT_WRITE } from '../memory-map.js';
import { NommuMm } from '../nommu/nommu-mm.js';
import { mapsText } from '../report/maps.js';
import { PAGE_SIZE } from '../units.js';
import { validateMm } from './validate.js';

const basic = kernelImage('basic');

test('the heap grows and shrinks by pages behind the program', () => {
  const process = romMachine(basic).spawn();
  const mm = memoryOf(process);
  expect(process.brk(0x1000)).toBe(0);
  const { end } = execElf(process, mm, '/rom/bin/xstatic');
  const start = end * PAGE_SIZE;
  expect(process.brk(0)).toBe(start);
  expect(mapsText(mm)).not.toContain('[heap]');

  expect(process.brk(start + 5000)).toBe(start + 5000);
  process.store(start + 2 * PAGE_SIZE - 1, 7);
  expect(() => process.load(start + 2 * PAGE_SIZE)).toThrow('SIGSEGV');
  expect(mapsText(mm)).toContain('[heap]');
  expect(process.brk(start + 6000)).toBe(start + 6000);

  expect(process.brk(start + 10)).toBe(start + 10);
  expect(() => process.load(start + PAGE_SIZE)).toThrow('SIGSEGV');
  expect(process.brk(start + 3 * PAGE_SIZE)).toBe(start + 3 * PAGE_SIZE);
  expect(process.load(start + 2 * PAGE_SIZE - 1)).toBe(0);
  expect(process.brk(start - 1)).toBe(start + 3 * PAGE_SIZE);
  validateMm(mm.mm);
});

test('a page stays free below the next area, and children have their own heap', () => {
  const machine = romMachine(basic);
  const process = machine.spawn();
  const { end } = execElf(process, memoryOf(process), '/rom/bin/xstatic');
  const start = end * PAGE_SIZE;
  mapAnonymous(process, 1, PROT_READ, { address: start + 4 * PAGE_SIZE });
  expect(process.brk(start + 4 * PAGE_SIZE)).toBe(start);
  expect(process.brk(start + 3 * PAGE_SIZE)).toBe(start + 3 * PAGE_SIZE);
  process.store(start, 1);
  const child = machine.fork(process);
  expect(child.brk(start)).toBe(start);
  expect(process.brk(0)).toBe(start + 3 * PAGE_SIZE);
  expect(process.load(start)).toBe(1);
});

test('without MMU only a mark moves, inside the program’s own memory', () => {
  const process = romMachine(basic, { mmu: false }).spawn();
  const { mm } = process;
  if (!(mm instanceof NommuMm)) throw new Error('a machine with an MMU');
  execNommu(process, mm, '/rom/bin/nflat-flt', { argv: ['nflat'], envp: [] });
  const { startBrk, brkLimit } = mm;
  expect(process.brk(brkLimit)).toBe(brkLimit);
  expect(process.brk(brkLimit + 1)).toBe(brkLimit);
  expect(process.brk(startBrk - 1)).toBe(brkLimit);
  expect(process.brk(startBrk)).toBe(startBrk);
});

test('the heap is an area of its own beside the zeros of the program, and grows in one piece', () => {
  const process = romMachine(basic).spawn();
  const mm = memoryOf(process);
  const { end } = execElf(process, mm, '/rom/bin/xstatic');
  const start = end * PAGE_SIZE;
  const bss = mm.mm.vmas.findBefore(end)!;
  expect(bss.end).toBe(end);
  expect(bss.file).toBeUndefined();
  process.brk(start + PAGE_SIZE);
  process.brk(start + 3 * PAGE_SIZE);
  const heap = mm.mm.vmas.vmaAt(end)!;
  expect(heap).toMatchObject({ start: end, end: end + 3, flags: bss.flags });
  expect(bss.end).toBe(end);
  // What comes after it in memory stays apart as well, though both are alike.
  const above = end + 8;
  mapAnonymous(process, 2, PROT_READ | PROT_WRITE, { address: above * PAGE_SIZE });
  process.brk(start + 7 * PAGE_SIZE);
  expect(heap.end).toBe(end + 7);
  expect(mm.mm.vmas.vmaAt(above)).toMatchObject({ start: above, end: above + 2 });
  validateMm(mm.mm);
});
