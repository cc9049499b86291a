import { describe, expect, test } from 'vitest';
import { elfObject, type ElfObjectOptions } from '../../bench/src/emulator/elf-object.js';
import { SyscallError } from '#xip-emu/errno.js';
import {
  MMFD_INTERPRET,
  MMFD_PADDING,
  TooFewElementsError,
  mmapfd,
  type MmapfdOptions,
  type MmapfdResult,
} from '#xip-emu/exec/mmapfd/mmapfd.js';
import { MR_HDR_AOUT, MR_HDR_ELF, MR_PADDING } from '#xip-emu/exec/mmapfd/plan.js';
import { DevSuperBlock } from '#xip-emu/fs/devfs/super.js';
import type { Machine } from '#xip-emu/machine.js';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '#xip-emu/memory-map.js';
import { validateMm } from '#xip-emu/mm/validate.js';
import { MmuMemory } from '#xip-emu/mm/mmu-memory.js';
import type { Process } from '#xip-emu/process.js';
import { OpenFile } from '#xip-emu/vfs/file.js';
import { pathLookup } from '#xip-emu/vfs/namei.js';
import { areasIn } from '#xip-emu/report/areas.js';
import { pagesIn } from '#xip-emu/report/pages.js';
import { areaText, programMachine, xipFile } from '../helpers/programs.js';
import { file, text } from '../helpers/raw-image.js';

const PAGE = 4096;
const BASE = 0x400000;
const RX = PROT_READ | PROT_EXEC;
const RW = PROT_READ | PROT_WRITE;
const ALL = RX | PROT_WRITE;

/** 2 pages of text, a hole of 1, data of less than a page, bss up to the end of the next one. */
const SHAPE: ElfObjectOptions = { gap: 1, data: 0x300, bss: PAGE };
const DATA = 2 * PAGE;

interface World {
  readonly machine: Machine;
  readonly process: Process;
  map(flags: number, elements?: number, options?: MmapfdOptions): MmapfdResult[];
}

function world(content: Uint8Array, mmu = true): World {
  const machine = programMachine({ '/f': xipFile(content) }, { mmu, arch: 'riscv64' });
  machine.mount('/dev', new DevSuperBlock());
  const process = machine.spawn();
  return {
    machine,
    process,
    map(flags, elements = 8, options) {
      const opened = process.open('/f');
      try {
        return mmapfd(process, opened, flags, elements, options);
      } finally {
        process.close(opened);
        if (process.mm instanceof MmuMemory) validateMm(process.mm.mm);
      }
    },
  };
}

function elf(options: ElfObjectOptions = {}): Uint8Array {
  return elfObject({ ...SHAPE, ...options });
}

/** e_type of an ELF file. */
function ofType(type: number, options: ElfObjectOptions = {}): Uint8Array {
  const bytes = elf(options);
  bytes[16] = type;
  return bytes;
}

/** A SunOS 4 file: two pages of text, with the header, and 0x800 bytes of data. */
function aout(magic: number, entry: number, bss: number): Uint8Array {
  const bytes = new Uint8Array(0x2000 + 0x820).fill(0x5a);
  const view = new DataView(bytes.buffer);
  bytes.set([0x80, 3]);
  view.setUint16(2, magic);
  [0x2000, 0x800, bss, 0, entry, 0, 0].forEach((value, index) => {
    view.setUint32(4 + 4 * index, value);
  });
  return bytes;
}
const OMAGIC = 0o407;
const NMAGIC = 0o410;
const ZMAGIC = 0o413;

/** All areas but the kernel's own, in pages from `base`. */
function areas({ process }: World, base: number): string[] {
  return areasIn(process.mm, 0, Infinity)
    .filter(({ line }) => !line.includes('['))
    .map((area) => areaText(area, base).replace(/ \d+$/, ''));
}

/** How many elements a call asks for; undefined if there were enough. */
function elementsNeeded(action: () => unknown): number | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof TooFewElementsError) return error.elements;
    throw error;
  }
}

function errorOf(action: () => unknown): SyscallError {
  try {
    action();
  } catch (error) {
    if (error instanceof SyscallError) return error;
    throw error;
  }
  throw new Error('no error');
}

/** Reserves addresses, as mmap(2) of /dev/null does. */
function reserve(process: Process, address: number, pages: number): void {
  const nothing = process.open('/dev/null');
  process.mmap(pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_FIXED, { address, file: nothing });
  process.close(nothing);
}

describe('the mail', () => {
  test('by default the whole file is a single, private, read-only mapping', () => {
    const content = text(3 * PAGE + 100);
    const at = world(content);
    const [result, ...others] = at.map(0);
    expect(others).toEqual([]);
    const { address } = result!;
    const size = content.length;
    expect(result).toEqual({
      address,
      memorySize: size,
      fileSize: size,
      offset: 0,
      prot: PROT_READ,
      flags: 0,
    });
    expect(areas(at, address)).toEqual(['0-4 r--p']);
    const loaded = new Uint8Array(size);
    at.process.loadRange(address, loaded);
    expect(loaded).toEqual(content);
  });

  test('an ELF file without MMFD_INTERPRET is a single read-only segment', () => {
    const at = world(elf());
    const [result] = at.map(0);
    expect(result).toMatchObject({ prot: PROT_READ, flags: 0, fileSize: elf().length });
    expect(areas(at, result!.address)).toEqual(['0-3 r--p']);
  });

  test('the mappings are not shared between processes', () => {
    const at = world(text(PAGE));
    const [result] = at.map(0);
    const { process, machine } = at;
    process.mprotect(result!.address, PAGE, RW);
    process.store(result!.address, 7);
    const other = machine.spawn();
    const again = mmapfd(other, other.open('/f'), 0, 1);
    expect(other.load(again[0]!.address)).toBe(text(PAGE)[0]);
  });

  test('with MMFD_INTERPRET a file that is neither ELF nor AOUT gives EINVAL', () => {
    const script = new TextEncoder().encode(`#!/bin/sh\n${'#'.repeat(PAGE)}`);
    expect(errorOf(() => world(script).map(MMFD_INTERPRET)).code).toBe('EINVAL');
    expect(errorOf(() => world(text(10)).map(MMFD_INTERPRET)).code).toBe('EINVAL');
    expect(world(script).map(0)).toHaveLength(1);
  });

  test('ET_EXEC: sizes, protections and addresses are those of the program headers', () => {
    const at = world(elf({ type: 'exec', base: BASE }));
    const data = BASE + 3 * PAGE;
    expect(at.map(MMFD_INTERPRET)).toEqual([
      { address: BASE, memorySize: DATA, fileSize: DATA, offset: 0, prot: RX, flags: MR_HDR_ELF },
      { address: data, memorySize: 0x300 + PAGE, fileSize: 0x300, offset: 0, prot: RW, flags: 0 },
    ]);
    expect(areas(at, BASE)).toEqual(['0-2 r-xp', '3-4 rw-p', '4-5 rw-p']);
    expect(at.process.load(data + 0x2ff)).not.toBe(0);
    expect(at.process.load(data + 0x300)).toBe(0);
  });

  test('ET_DYN: the base is chosen, the others follow from it', () => {
    const at = world(elf());
    const [first, second] = at.map(MMFD_INTERPRET);
    const { address } = first!;
    expect(first).toMatchObject({ memorySize: DATA, prot: RX, flags: MR_HDR_ELF });
    expect(second).toMatchObject({ address: address + 3 * PAGE, prot: RW, flags: 0 });
    expect(areas(at, address)).toEqual(['0-2 r-xp', '3-4 rw-p', '4-5 rw-p']);
    const again = at.map(MMFD_INTERPRET);
    expect(again[0]!.address).not.toBe(address);
  });

  test('ET_DYN: the alignment is that of the program headers', () => {
    const bytes = elf({ align: 0x10000, gap: 16 });
    for (const flags of [MMFD_INTERPRET, MMFD_INTERPRET | MMFD_PADDING]) {
      const padding = (flags & MMFD_PADDING) === 0 ? undefined : 3 * PAGE;
      const results = world(bytes).map(flags, 8, { padding });
      const text = results.find(({ prot }) => prot === RX)!;
      expect(text.address % 0x10000).toBe(0);
    }
  });

  test.each([
    ['ET_REL', 1],
    ['ET_CORE', 4],
  ])('%s: a single, read-only mapping', (_name, type) => {
    const bytes = ofType(type);
    const at = world(bytes);
    const [result, ...others] = at.map(MMFD_INTERPRET);
    expect(others).toEqual([]);
    expect(result).toMatchObject({ memorySize: bytes.length, prot: PROT_READ, flags: MR_HDR_ELF });
    expect(areas(at, result!.address)).toEqual(['0-3 r--p']);
  });

  test('AOUT executables are at their addresses', () => {
    const at = world(aout(ZMAGIC, 0x2020, 0x2000));
    expect(at.map(MMFD_INTERPRET)).toEqual([
      {
        address: 0x2000,
        memorySize: 0x2000,
        fileSize: 0x2000,
        offset: 0,
        prot: RX,
        flags: MR_HDR_AOUT,
      },
      { address: 0x4000, memorySize: PAGE, fileSize: 0x800, offset: 0, prot: ALL, flags: 0 },
      { address: 0x5000, memorySize: 0x1800, fileSize: 0, offset: 0, prot: ALL, flags: 0 },
    ]);
    expect(at.process.load(0x4000 + 0x7ff)).toBe(0x5a);
    expect(at.process.load(0x4000 + 0x800)).toBe(0);
  });

  test('AOUT shared objects are where mmapfd puts them', () => {
    const at = world(aout(ZMAGIC, 0x20, 0x100));
    const [first, second] = at.map(MMFD_INTERPRET);
    expect(first).toMatchObject({ prot: RX, flags: MR_HDR_AOUT });
    expect(first!.address).toBeGreaterThan(0x10000);
    expect(second).toMatchObject({ address: first!.address + 0x2000, memorySize: 0x900 });
  });

  // Text 0x2000, data 0x800: the zeros have room up to 0x3000; with symbols the file has 0x280c.
  test.each([
    [0x100, 0x1000, 2],
    [0x100, 0x1800, 2],
    [0x100, 0x1801, 3],
    [0x20, 0, 3],
    [0xb, 0, 3],
    [0x20, 0xc, 3],
    [0x20, 0xd, 2],
  ])('AOUT entry 0x%x, bss of 0x%x: %i elements as doaoutwork() counts', (entry, bss, needed) => {
    const at = world(aout(ZMAGIC, entry, bss));
    expect(elementsNeeded(() => at.map(MMFD_INTERPRET, needed - 1))).toBe(needed);
    expect(areas(at, 0)).toEqual([]);
    at.map(MMFD_INTERPRET, needed);
  });

  test('relocations of an AOUT file count as well', () => {
    const bytes = aout(ZMAGIC, 0x20, 0x1800);
    new DataView(bytes.buffer).setUint32(24, 0x1000);
    expect(elementsNeeded(() => world(bytes).map(MMFD_INTERPRET, 1))).toBe(2);
    new DataView(bytes.buffer).setUint32(28, 0x800);
    expect(elementsNeeded(() => world(bytes).map(MMFD_INTERPRET, 1))).toBe(3);
  });

  test.each([
    ['NMAGIC', NMAGIC, [RX, ALL]],
    ['OMAGIC', OMAGIC, [ALL]],
  ])('%s, whose text does not start at a page of the file, is copied', (_name, magic, prots) => {
    const bytes = aout(magic, 0x2020, 0);
    const at = world(bytes);
    const results = at.map(MMFD_INTERPRET);
    expect(results.map(({ prot }) => prot)).toEqual(prots);
    expect(results[0]).toMatchObject({ address: 0x2000, flags: 0 });
    expect(at.process.load(0x2000)).toBe(bytes[32]);
    expect(errorOf(() => at.map(MMFD_INTERPRET)).code).toBe('EADDRINUSE');
  });

  test.each([
    ['a prelinked object', BASE, 0],
    ['an object whose first segment is not at the start of file and addresses', 0, PAGE],
    ['both', BASE, 2 * PAGE],
  ])('%s: from the start of the file, wherever it is put', (_name, base, skipped) => {
    const bytes = elf({ base, textSize: 3 * PAGE });
    const view = new DataView(bytes.buffer);
    // The first program header leaves out the first pages of the file, and of memory.
    for (const field of [8, 16]) {
      view.setBigUint64(64 + field, view.getBigUint64(64 + field, true) + BigInt(skipped), true);
    }
    for (const field of [32, 40]) view.setBigUint64(64 + field, BigInt(3 * PAGE - skipped), true);
    const at = world(bytes);
    const [first, second] = at.map(MMFD_INTERPRET);
    expect(first).toMatchObject({ fileSize: 3 * PAGE, offset: 0, flags: MR_HDR_ELF });
    expect(second!.address - first!.address).toBe(4 * PAGE);
    const content = new Uint8Array(3 * PAGE);
    at.process.loadRange(first!.address, content);
    expect(Buffer.compare(content, bytes.subarray(0, 3 * PAGE))).toBe(0);
  });

  test('a prelinked object keeps its alignment and its padding', () => {
    const at = world(elf({ base: BASE, align: 0x10000 }));
    const results = at.map(MMFD_INTERPRET | MMFD_PADDING, 4, { padding: PAGE });
    expect(results.map(({ flags }) => flags)).toEqual([MR_PADDING, MR_HDR_ELF, 0, MR_PADDING]);
    expect(results[1]!.address % 0x10000).toBe(0);
    expect(results[0]!.address).toBe(results[1]!.address - PAGE);
  });

  test('an object whose header would be mapped over what precedes it', () => {
    const bytes = elf();
    // Zeros in a header of their own (PT_SUNWBSS), in the page below text that is 4 pages into the
    // file.
    const view = new DataView(bytes.buffer);
    view.setUint32(64, 0x6ffffffa, true);
    view.setBigUint64(64 + 32, 0n, true);
    view.setBigUint64(64 + 56 + 16, BigInt(DATA), true);
    expect(errorOf(() => world(bytes).map(MMFD_INTERPRET)).code).toBe('EINVAL');
  });

  test('objects of 32 bits are below 4 GiB, others where there is room', () => {
    const low = 2 ** 32;
    const end = ({ address, memorySize }: MmapfdResult): number => address + memorySize;
    const at = world(elf({ elfClass: 32 }));
    for (let round = 0; round < 2; round += 1) {
      for (const result of at.map(MMFD_INTERPRET)) expect(end(result)).toBeLessThanOrEqual(low);
    }
    const [rel] = world(ofType(1, { elfClass: 32 })).map(MMFD_INTERPRET);
    expect(end(rel!)).toBeLessThanOrEqual(low);
    const [library] = world(aout(ZMAGIC, 0x20, 0)).map(MMFD_INTERPRET);
    expect(end(library!)).toBeLessThanOrEqual(low);
    const [whole] = world(elf()).map(0, 1, { dataModel: 32 });
    expect(end(whole!)).toBeLessThanOrEqual(low);
    expect(world(elf()).map(MMFD_INTERPRET)[0]!.address).toBeGreaterThan(low);
  });

  test('no room below 4 GiB', () => {
    const at = world(elf({ elfClass: 32 }));
    at.process.mmap(2 ** 32 - 0x10000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, {
      address: 0x10000,
    });
    expect(errorOf(() => at.map(MMFD_INTERPRET)).code).toBe('ENOMEM');
  });

  test.each([32, 64] as const)('a big-endian object of %i bits', (elfClass) => {
    for (const type of ['dyn', 'exec'] as const) {
      const at = world(elf({ elfClass, little: false, type, base: type === 'exec' ? BASE : 0 }));
      const [first, second] = at.map(MMFD_INTERPRET);
      expect(first).toMatchObject({ memorySize: 2 * PAGE, prot: RX, flags: MR_HDR_ELF });
      expect(second).toMatchObject({ prot: RW, fileSize: 0x300, memorySize: 0x300 + PAGE });
      expect(second!.address - first!.address).toBe(3 * PAGE);
      if (type === 'exec') expect(first!.address).toBe(BASE);
      expect(at.process.load(first!.address + 5)).toBe(2);
    }
  });

  test('nothing is mapped over what is in use', () => {
    const at = world(elf({ type: 'exec', base: BASE }));
    const { process } = at;
    const address = BASE + 4 * PAGE;
    process.mmap(PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, { address });
    expect(errorOf(() => at.map(MMFD_INTERPRET)).code).toBe('EADDRINUSE');
    expect(areas(at, BASE)).toEqual(['4-5 r--p']);
    process.munmap(address, PAGE);
    expect(at.map(MMFD_INTERPRET)).toHaveLength(2);
  });

  test('except what an ELF file has reserved by a mapping of /dev/null', () => {
    const at = world(elf({ type: 'exec', base: BASE }));
    reserve(at.process, BASE - PAGE, 8);
    expect(at.map(MMFD_INTERPRET)).toHaveLength(2);
    expect(areas(at, BASE)).toEqual([
      '-1-0 ---p',
      '0-2 r-xp',
      '2-3 ---p',
      '3-4 rw-p',
      '4-5 rw-p',
      '5-7 ---p',
    ]);
  });

  test('a reservation has no memory', () => {
    const at = world(elf());
    reserve(at.process, BASE, 1);
    expect(() => at.process.load(BASE)).toThrow('SIGSEGV');
  });

  test('too few elements: an error that tells how many are needed, and no mapping', () => {
    const at = world(elf());
    const error = errorOf(() => at.map(MMFD_INTERPRET, 1));
    expect(error).toBeInstanceOf(TooFewElementsError);
    expect(error).toMatchObject({ code: 'E2BIG', elements: 2 });
    const padding = PAGE;
    expect(errorOf(() => at.map(MMFD_INTERPRET | MMFD_PADDING, 3, { padding }))).toMatchObject({
      code: 'E2BIG',
      elements: 4,
    });
    expect(errorOf(() => at.map(0, 0))).toMatchObject({ elements: 1 });
    expect(areas(at, 0)).toEqual([]);
    expect(at.map(MMFD_INTERPRET, 2)).toHaveLength(2);
  });

  test('padding before the first mapping and immediately after the last', () => {
    const at = world(elf());
    const results = at.map(MMFD_INTERPRET | MMFD_PADDING, 4, { padding: PAGE + 1 });
    const start = results[1]!.address;
    const padding = { memorySize: 2 * PAGE, fileSize: 0, offset: 0, prot: 0, flags: MR_PADDING };
    expect(results[0]).toEqual({ ...padding, address: start - 2 * PAGE });
    expect(results[3]).toEqual({ ...padding, address: start + 5 * PAGE });
    expect(areas(at, start)).toEqual(['-2-0 ---p', '0-2 r-xp', '3-4 rw-p', '4-5 rw-p', '5-7 ---p']);
    expect(world(text(100)).map(MMFD_PADDING, 3, { padding: PAGE })).toHaveLength(3);
  });

  test('munmap(2) of each element unmaps everything', () => {
    for (const bytes of [elf(), elf({ type: 'exec', base: BASE }), ofType(4)]) {
      const at = world(bytes);
      const results = at.map(MMFD_INTERPRET | MMFD_PADDING, 4, { padding: PAGE });
      for (const { address, memorySize } of results) at.process.munmap(address, memorySize);
      expect(areas(at, 0)).toEqual([]);
    }
  });

  test('the flags: padding first, the header types after it', () => {
    expect([MR_PADDING, MR_HDR_ELF, MR_HDR_AOUT]).toEqual([1, 2, 3]);
  });
});

describe('where the mail leaves a gap, mmapobj(2)', () => {
  test('padding is private, without protection, and can be made accessible', () => {
    const at = world(elf());
    const [padding] = at.map(MMFD_INTERPRET | MMFD_PADDING, 4, { padding: PAGE });
    const { process } = at;
    expect(() => process.load(padding!.address)).toThrow('SIGSEGV');
    process.mprotect(padding!.address, PAGE, RW);
    process.store(padding!.address, 1);
    expect(process.load(padding!.address)).toBe(1);
  });

  test('padding is ignored for AOUT', () => {
    const results = world(aout(ZMAGIC, 0x2020, 0)).map(MMFD_INTERPRET | MMFD_PADDING, 3, {
      padding: PAGE,
    });
    expect(results.map(({ flags }) => flags)).toEqual([MR_HDR_AOUT, 0]);
  });

  test('padding of an ET_EXEC file must not be in use either', () => {
    const at = world(elf({ type: 'exec', base: BASE }));
    const address = BASE - PAGE;
    at.process.mmap(PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, { address });
    const flags = MMFD_INTERPRET | MMFD_PADDING;
    expect(errorOf(() => at.map(flags, 4, { padding: PAGE })).code).toBe('EADDRINUSE');
    expect(at.map(MMFD_INTERPRET)).toHaveLength(2);
  });

  test('the offset is where valid data begins in the mapping', () => {
    const at = world(elf({ type: 'exec', base: BASE, textSize: 2 * PAGE - 0x600 }));
    const [, data] = at.map(MMFD_INTERPRET);
    expect(data).toMatchObject({ address: BASE + 2 * PAGE, offset: PAGE - 0x600, fileSize: 0x300 });
    expect(data!.memorySize).toBe(PAGE - 0x600 + 0x300 + PAGE);
  });

  test('a reservation has to hold all of a mapping', () => {
    const at = world(elf({ type: 'exec', base: BASE }));
    reserve(at.process, BASE, 1);
    expect(errorOf(() => at.map(MMFD_INTERPRET)).code).toBe('EADDRINUSE');
    expect(areas(at, BASE)).toEqual(['0-1 ---p']);
  });

  test('what fails half way leaves everything as it was, reservations included', () => {
    // The file ends before its data: the zeros after it cannot be written.
    const bytes = elf({ type: 'exec', base: BASE });
    const at = world(bytes.subarray(0, DATA));
    reserve(at.process, BASE, 8);
    expect(errorOf(() => at.map(MMFD_INTERPRET)).code).toBe('EFAULT');
    expect(areas(at, BASE)).toEqual(['0-8 ---p']);
    const moved = world(elf().subarray(0, DATA));
    expect(errorOf(() => moved.map(MMFD_INTERPRET)).code).toBe('EFAULT');
    expect(areas(moved, 0)).toEqual([]);
  });

  test('ENOTSUP: another data model, a crooked e_phentsize', () => {
    const code = (bytes: Uint8Array, dataModel?: 32 | 64): string =>
      errorOf(() => world(bytes).map(MMFD_INTERPRET, 8, { dataModel })).code;
    expect(code(elf({ elfClass: 32 }), 64)).toBe('ENOTSUP');
    expect(code(elf(), 32)).toBe('ENOTSUP');
    expect(code(aout(ZMAGIC, 0x20, 0), 64)).toBe('ENOTSUP');
    const crooked = elf();
    crooked[54] = 57;
    expect(code(crooked)).toBe('ENOTSUP');
    expect(world(elf({ elfClass: 32 })).map(MMFD_INTERPRET, 8, { dataModel: 32 })).toHaveLength(2);
  });

  test('EINVAL: flags that are none, padding without its flag, files that contradict themselves', () => {
    const at = world(elf());
    expect(errorOf(() => at.map(1)).code).toBe('EINVAL');
    expect(errorOf(() => at.map(0, 1, { padding: PAGE })).code).toBe('EINVAL');
    expect(errorOf(() => at.map(MMFD_PADDING)).code).toBe('EFAULT');
    for (const bytes of [ofType(0), ofType(9)]) {
      expect(errorOf(() => world(bytes).map(MMFD_INTERPRET)).code).toBe('EINVAL');
    }
    const overlapping = elf();
    // p_memsz of the text: over the data.
    new DataView(overlapping.buffer).setBigUint64(64 + 40, BigInt(4 * PAGE), true);
    expect(errorOf(() => world(overlapping).map(MMFD_INTERPRET)).code).toBe('EINVAL');
  });

  test('EBADF, EACCES, ENODEV', () => {
    const { process } = world(elf());
    const unreadable = OpenFile.open(pathLookup(process.fs, '/f'), { readable: false });
    for (const flags of [0, MMFD_INTERPRET]) {
      expect(errorOf(() => mmapfd(process, unreadable, flags, 8)).code).toBe('EACCES');
    }
    unreadable.put();
    const closed = process.open('/f');
    process.close(closed);
    expect(errorOf(() => mmapfd(process, closed, 0, 1)).code).toBe('EBADF');
    expect(errorOf(() => mmapfd(process, process.open('/'), 0, 1)).code).toBe('ENODEV');
    expect(errorOf(() => mmapfd(process, process.open('/dev/null'), 0, 1)).code).toBe('ENODEV');
  });
});

describe('in this emulator', () => {
  test('text comes from ROM', () => {
    const at = world(elf());
    const { process } = at;
    const [textMapping, data] = at.map(MMFD_INTERPRET);
    const backings = (result: MmapfdResult): string[] =>
      pagesIn(process.mm, result.address, result.memorySize).map(({ backing }) => backing);
    expect(backings(textMapping!)).toEqual(['rom', 'rom']);
    // The page that has zeros written after its data is a copy.
    expect(backings(data!)).toEqual(['anonymous', 'none']);
  });

  test('without an MMU only a file as it is can be mapped', () => {
    const at = world(elf(), false);
    expect(at.map(0)).toMatchObject([{ prot: PROT_READ, fileSize: elf().length }]);
    expect(errorOf(() => at.map(MMFD_INTERPRET)).code).toBe('ENOSYS');
    expect(errorOf(() => at.map(MMFD_PADDING, 3, { padding: 1 })).code).toBe('ENOSYS');
  });

  test('empty files cannot be mapped', () => {
    const machine = programMachine({ '/f': file('') });
    const process = machine.spawn();
    expect(errorOf(() => mmapfd(process, process.open('/f'), 0, 1)).code).toBe('EINVAL');
  });
});
