import { PT_INTERP } from 'cramfs-elf';
import { describe, expect, test } from 'vitest';
import { elfFile, type TestSegment } from '../../../../test/helpers/elf-builder.js';
import { mapAnonymous, memoryOf, romMachine } from '../../../../test/helpers/emulator.js';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import { text } from '../../../../test/helpers/raw-image.js';
import type { ArchitectureName } from '../arch/architecture.js';
import { ARCHITECTURES } from '../arch/kernel-build.js';
import type { KernelConfig } from '../arch/kernel-config.js';
import { execElf } from '../exec/elf.js';
import { execNommu } from '../exec/nommu-program.js';
import { TmpfsSuperBlock } from '../fs/tmpfs/super.js';
import { Machine } from '../machine.js';
import { PROT_READ, PROT_WRITE } from '../memory-map.js';
import { NommuMemory } from '../nommu/nommu-memory.js';
import { mapsText } from '../report/maps.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import { validateMm } from './validate.js';

const basic = kernelImage('basic');
const ET_EXEC = 2;
const ET_DYN = 3;

test('the heap grows and shrinks by pages after the program', () => {
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
  if (!(mm instanceof NommuMemory)) throw new Error('a machine with an MMU');
  execNommu(process, mm, '/rom/bin/nflat-flt', { argv: ['nflat'], envp: [] });
  const { startBrk, brkLimit } = mm.mm;
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
  // The area that follows stays separate too, though both are alike.
  const above = end + 8;
  mapAnonymous(process, 2, PROT_READ | PROT_WRITE, { address: above * PAGE_SIZE });
  process.brk(start + 7 * PAGE_SIZE);
  expect(heap.end).toBe(end + 7);
  expect(mm.mm.vmas.vmaAt(above)).toMatchObject({ start: above, end: above + 2 });
  validateMm(mm.mm);
});

describe('where the heap starts: ELF_PAGEALIGN() of what is last in memory, or of ELF_ET_DYN_BASE', () => {
  /** A program of two pages and zeros after them, at the start of the file's addresses. */
  function heapOf(
    arch: ArchitectureName,
    type: number,
    { interpreter = false, config }: { interpreter?: boolean; config?: Partial<KernelConfig> } = {},
  ): { heap: number; end: number } {
    const wide = ['riscv64', 'arm64', 'x86_64'].includes(arch);
    const body = text(2 * PAGE_SIZE);
    body.set(new TextEncoder().encode('/i\0'), PAGE_SIZE);
    const vaddr = type === ET_EXEC ? 0x10000 : 0;
    const load = { flags: 7, offset: 0, filesz: body.length, vaddr, memsz: body.length + 100 };
    const interp = { type: PT_INTERP, flags: 4, offset: PAGE_SIZE, filesz: 3 };
    const elf = (segments: readonly TestSegment[]): Uint8Array => {
      const bytes = elfFile(wide ? 64 : 32, true, segments, body, type);
      new DataView(bytes.buffer).setUint16(18, ARCHITECTURES[arch].elf.machines[0]!, true);
      return bytes;
    };
    const machine = new Machine({ arch, config });
    machine.mount('/', new TmpfsSuperBlock(machine.phys));
    const process = machine.spawn();
    for (const [path, segments] of [
      ['/p', interpreter ? [interp, load] : [load]],
      ['/i', [load]],
    ] as const) {
      const opened = process.open(path, { write: true, create: true, mode: 0o755 });
      process.pwrite(opened, 0, elf(segments));
      process.close(opened);
    }
    const { end } = execElf(process, memoryOf(process), '/p');
    const heap = process.brk(0);
    process.exit();
    return { heap, end: end * PAGE_SIZE };
  }

  // x86_64 was recorded on Linux 6.18; the others follow their ELF_ET_DYN_BASE.
  test.each([
    ['x86_64', 0x555555555000],
    ['riscv64', 0x2aaaaab000],
    ['arm64', 0x555555556000],
    ['arm', 0x400000],
    ['i386', 0x400000],
  ] as const)('%s', (arch, base) => {
    const config = arch === 'arm64' ? { ARM64_VA_BITS: 47 } : {};
    const compat = { config: { ...config, COMPAT_BRK: true } };
    expect(heapOf(arch, ET_DYN, { config }).heap).toBe(base);
    for (const { heap, end } of [
      heapOf(arch, ET_DYN, compat),
      heapOf(arch, ET_DYN, { interpreter: true, config }),
      heapOf(arch, ET_DYN, { interpreter: true, ...compat }),
      heapOf(arch, ET_EXEC, { config }),
      heapOf(arch, ET_EXEC, compat),
    ]) {
      expect(heap).toBe(end);
    }
  });
});
