import { describe, expect, test } from 'vitest';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '#xip-emu/memory-map.js';
import type { Process } from '#xip-emu/process.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '#xip-emu/units.js';
import { VM_PFNMAP } from '#xip-emu/vfs/vm-area.js';
import { mapFile, memoryOf, mmOf, romMachine } from '../helpers/emulator.js';
import { ROM_ADDRESS } from '../helpers/kernel-images.js';
import { buildRawImage, file, noise } from '../helpers/raw-image.js';

/* Kernel fact K24, case by case. What kernels recorded of it: damaged-records.test.ts. */

const ZEROS = new Uint8Array(PAGE_SIZE);
const D = { kind: 'D', align: PAGE_SIZE } as const;

describe('K24: pointers to where the image is not', () => {
  const ROM_SIZE = 1 << 20;
  const IN_ROM = 0x80000;
  const BEHIND = 0x4000000;
  const OOPS = 'and dies in mmap(2)';
  /** A file of blocks that start at `at`, whatever is there. */
  const outside = (size: number, at: number): Uint8Array =>
    buildRawImage({
      f: file(noise(size), {
        blocks: Array.from({ length: Math.ceil(size / PAGE_SIZE) }, (_, page) => ({
          kind: 'D',
          pointer: directPointer(at + page * PAGE_SIZE),
        })),
      }),
    }).bytes;
  /** A file whose pointers are at `at`. */
  const tableAt = (at: number): Uint8Array =>
    buildRawImage({
      f: file(noise(3 * PAGE_SIZE), { blocks: [D, D, D], inode: { offset: at / 4 } }),
    }).bytes;
  const machineOf = (bytes: Uint8Array, mmu = true): Process =>
    romMachine(bytes, {
      mmu,
      roms: [{ address: ROM_ADDRESS, size: ROM_SIZE, bytes }],
    }).spawn();

  test.each([true, false])('pointers beyond the ROM kill the kernel, MMU: %s', (mmu) => {
    expect(() => mapFile(machineOf(tableAt(BEHIND), mmu), '/rom/f', 3, PROT_READ)).toThrow(OOPS);
    // The first pointer is still in the ROM, and is not direct.
    const process = machineOf(tableAt(ROM_SIZE - 4), mmu);
    const map = (): number => mapFile(process, '/rom/f', 3, PROT_READ);
    if (mmu) expect(() => process.load(map())).toThrow('SIGBUS');
    else expect(map).toThrow('EIO');
  });

  test('pointers past the image: page 0 is EIO, the next ones are zeros', () => {
    const process = machineOf(tableAt(IN_ROM));
    const opened = process.open('/rom/f');
    const page = new Uint8Array(PAGE_SIZE).fill(1);
    expect(() => process.pread(opened, 0, page)).toThrow('EIO');
    expect(process.pread(opened, PAGE_SIZE, page)).toBe(PAGE_SIZE);
    expect(page).toEqual(ZEROS);
    const at = mapFile(process, '/rom/f', 3, PROT_READ);
    expect(() => process.load(at)).toThrow('SIGBUS');
    expect(process.load(at + PAGE_SIZE)).toBe(0);
  });

  test('blocks beyond the ROM: the look at the last page kills the kernel, with an MMU', () => {
    const bytes = outside(PAGE_SIZE + 100, BEHIND);
    expect(() => mapFile(machineOf(bytes), '/rom/f', 2, PROT_READ)).toThrow(OOPS);
    // Neither part of the file nor a writable mapping is looked at.
    const first = machineOf(bytes);
    const at = mapFile(first, '/rom/f', 1, PROT_READ);
    expect(() => first.load(at)).toThrow('SIGSEGV (ACCERR)');
    const writer = machineOf(bytes);
    expect(writer.load(mapFile(writer, '/rom/f', 2, PROT_READ | PROT_WRITE))).toBe(0);
    const nommu = machineOf(bytes, false);
    const place = mapFile(nommu, '/rom/f', 2, PROT_READ);
    expect(place).toBe(ROM_ADDRESS + BEHIND);
    expect(() => nommu.load(place)).toThrow('SIGSEGV (ACCERR)');
  });

  test('whole pages beyond the ROM are mapped, and every access is a signal', () => {
    const process = machineOf(outside(2 * PAGE_SIZE, ROM_SIZE - PAGE_SIZE));
    const at = mapFile(process, '/rom/f', 2, PROT_READ | PROT_EXEC);
    expect(mmOf(process).vmas.vmaAt(at / PAGE_SIZE)!.flags & VM_PFNMAP).toBe(VM_PFNMAP);
    expect(process.load(at)).toBe(0);
    expect(() => process.load(at + PAGE_SIZE)).toThrow('SIGSEGV (ACCERR)');
    expect(() => {
      memoryOf(process).fetch(at + PAGE_SIZE);
    }).toThrow('SIGSEGV (ACCERR)');
    expect(process.loadRange(at, new Uint8Array(2 * PAGE_SIZE)).loaded).toBe(PAGE_SIZE);
    // read(2) compares with the size of the image.
    const content = new Uint8Array(2 * PAGE_SIZE).fill(1);
    expect(process.pread(process.open('/rom/f'), 0, content)).toBe(content.length);
    expect(content).toEqual(new Uint8Array(2 * PAGE_SIZE));
  });

  test('a private copy of what is not there is zeros', () => {
    const process = machineOf(outside(PAGE_SIZE, BEHIND));
    const at = mapFile(process, '/rom/f', 1, PROT_READ);
    process.mprotect(at, PAGE_SIZE, PROT_READ | PROT_WRITE);
    process.store(at + 1, 7);
    expect([process.load(at), process.load(at + 1)]).toEqual([0, 7]);
  });

  test('pointers that wrap at 4 GiB go on at byte 0, their pages do not', () => {
    const bytes = outside(2 * PAGE_SIZE, 0xfffff000);
    const process = machineOf(bytes);
    const at = mapFile(process, '/rom/f', 2, PROT_READ);
    expect(mmOf(process).vmas.vmaAt(at / PAGE_SIZE)!.flags & VM_PFNMAP).toBe(VM_PFNMAP);
    expect(() => process.load(at + PAGE_SIZE)).toThrow('SIGSEGV');
  });

  test.each([true, false])('what leads to RAM is not handed out, MMU: %s', (mmu) => {
    const process = machineOf(outside(PAGE_SIZE, 0x80000000 - ROM_ADDRESS + 0x10000), mmu);
    expect(() => mapFile(process, '/rom/f', 1, PROT_READ)).toThrow('lead to RAM');
  });
});

test('an entry of a type that Linux does not know is EIO, and the others are there', () => {
  const { bytes } = buildRawImage({
    a: file('content'),
    b: file('x', { inode: { mode: 0o644 } }),
  });
  const process = romMachine(bytes).spawn();
  expect(process.open('/rom/a').inode.size).toBe(7);
  expect(() => process.open('/rom/b')).toThrow('EIO');
  expect(() => process.stat('/rom/b')).toThrow('EIO');
});

/** Of an uncompressed block at an image offset, in 32 bits as Linux has it. */
function directPointer(start: number): number {
  return (0xc0000000 | ((start / 4) & 0x3fffffff)) >>> 0;
}
