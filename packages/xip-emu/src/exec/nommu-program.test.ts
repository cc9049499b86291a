import { openImage } from 'cramfs-reader';
import { describe, expect, test } from 'vitest';
import { elfFile } from '../../../../test/helpers/elf-builder.js';
import { buildRawImage, directory, file } from '../../../../test/helpers/raw-image.js';
import { isSyscallError } from '../errno.js';
import { Machine } from '../machine.js';
import { NommuMm } from '../nommu/nommu-mm.js';
import { VM_EXEC, VM_WRITE } from '../vfs/vm-area.js';
import { PAGE_SIZE } from '../units.js';
import { execNommu, type NommuProgram } from './nommu-program.js';

const ROM = 0x22000000;
const PT_GNU_STACK = 0x6474e551;
const ARGUMENTS = { argv: ['/rom/p'], envp: [] };

/** A bFLT file: 64 bytes of header, text up to `dataStart`, data; every data byte is 0xda. */
function flatFile(
  dataStart: number,
  data: number,
  bss: number,
  stack: number,
  flags = 0,
): Uint8Array {
  const bytes = new Uint8Array(dataStart + data).fill(0x7e);
  bytes.fill(0xda, dataStart);
  const words = [0x62464c54, 4, 64, dataStart, dataStart + data, dataStart + data + bss, stack];
  bytes.fill(0, 0, 64);
  const view = new DataView(bytes.buffer);
  words.forEach((word, at) => {
    view.setUint32(at * 4, word);
  });
  view.setUint32(36, flags);
  return bytes;
}

interface Loaded {
  readonly program: NommuProgram;
  readonly mm: NommuMm;
  readonly machine: Machine;
}

function load(content: Uint8Array, { mode = 0o755, blocks = 'D' } = {}): Loaded {
  const pages = Math.ceil(content.length / PAGE_SIZE);
  const p = file(content, { mode, blocks: blocks.repeat(pages) });
  const { bytes } = buildRawImage({ p, d: directory({}) });
  const rom = { address: ROM, size: 1 << 20, bytes };
  const machine = new Machine({ mmu: false, roms: [rom] });
  machine.mountCramfs('/rom', openImage(bytes), ROM);
  const { program, mm } = exec(machine, '/rom/p');
  return { program, mm, machine };
}

function exec(machine: Machine, path: string): { program: NommuProgram; mm: NommuMm } {
  const process = machine.spawn();
  const { mm } = process;
  if (!(mm instanceof NommuMm)) throw new Error('a machine without MMU');
  return { program: execNommu(process, mm, path, ARGUMENTS), mm };
}

function errnoOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (isSyscallError(error)) return error.code;
    throw error;
  }
}

/** [in ROM, pages, writable, executable] of each mapping. */
function layout(mm: NommuMm): [boolean, number, boolean, boolean][] {
  return [...mm.vmas()].map(({ vmStart, vmEnd, vmFlags }) => [
    vmStart < ROM + (1 << 20),
    (vmEnd - vmStart) / PAGE_SIZE,
    (vmFlags & VM_WRITE) !== 0,
    (vmFlags & VM_EXEC) !== 0,
  ]);
}

describe('bFLT', () => {
  test('text is mapped from ROM, data and stack are one block of RAM', () => {
    const { program, mm } = load(flatFile(0x1800, 0x200, 0x300, 0x1000));
    expect(layout(mm)).toEqual([
      [true, 2, false, true],
      [false, 2, true, true],
    ]);
    expect(mm.load(program.startCode + 0x17ff)).toBe(0x7e);
    expect(mm.load(program.startData + 0x1ff)).toBe(0xda);
    expect(mm.load(program.startData + 0x200)).toBe(0);
  });

  test('compressed text is a copy', () => {
    const { mm } = load(flatFile(0x1800, 0x200, 0, 0x1000), { blocks: 'C' });
    expect(layout(mm)).toEqual([
      [false, 2, false, true],
      [false, 2, true, true],
    ]);
  });

  test('with FLAT_FLAG_RAM everything is one block', () => {
    const { program, mm } = load(flatFile(0x1800, 0x200, 0, 0x1000, 1));
    expect(layout(mm)).toEqual([[false, 3, true, true]]);
    expect(mm.load(program.startCode + 0x17ff)).toBe(0x7e);
    expect(mm.load(program.startData)).toBe(0xda);
  });

  test('refused: other versions, compressed programs, lengths that cannot be', () => {
    const old = flatFile(0x1000, 16, 0, 0x1000);
    new DataView(old.buffer).setUint32(4, 2);
    expect(errnoOf(() => load(old))).toBe('ENOEXEC');
    expect(errnoOf(() => load(flatFile(0x1000, 16, 0, 0x1000, 4)))).toBe('ENOEXEC');
    expect(errnoOf(() => load(flatFile(0x1000, 16, -32, 0x1000)))).toBe('ENOEXEC');
    expect(errnoOf(() => load(old.subarray(0, 40)))).toBe('ENOEXEC');
  });
});

describe('ELF', () => {
  const body = Uint8Array.from({ length: 3 * PAGE_SIZE }, (_, at) => at & 255);

  test('a position-independent program is one block of RAM, text included', () => {
    const segments = [
      { flags: 5, offset: 0, filesz: 2 * PAGE_SIZE },
      { type: PT_GNU_STACK, flags: 6, offset: 0, filesz: 0 },
    ];
    const { program, mm, machine } = load(elfFile(64, true, segments, body, 3));
    expect(layout(mm)).toEqual([
      [false, 2, true, true],
      [false, 32, true, false],
    ]);
    expect(mm.load(program.startCode + 0x1234)).toBe(0x34);
    mm.exit();
    expect(machine.vmRegions.ram.pagesAllocated).toBe(0);
  });

  test('the stack is as large and as executable as PT_GNU_STACK says', () => {
    const segments = [
      { flags: 5, offset: 0, filesz: PAGE_SIZE },
      { type: PT_GNU_STACK, flags: 7, offset: 0, filesz: 5 * PAGE_SIZE },
    ];
    expect(layout(load(elfFile(64, true, segments, body, 3)).mm).at(-1)).toEqual([
      false,
      5,
      true,
      true,
    ]);
  });

  test('a program that is linked to an address is refused', () => {
    const segments = [{ flags: 5, offset: 0, filesz: PAGE_SIZE }];
    expect(errnoOf(() => load(elfFile(64, true, segments, body, 2)))).toBe('ENOEXEC');
  });
});

test('what is no program, or may not be executed', () => {
  const content = flatFile(0x1000, 16, 0, 0x1000);
  expect(errnoOf(() => load(content, { mode: 0o644 }))).toBe('EACCES');
  expect(errnoOf(() => load(new Uint8Array(100).fill(0x20)))).toBe('ENOEXEC');
  const { machine } = load(content);
  expect(errnoOf(() => exec(machine, '/rom/d'))).toBe('EACCES');
  expect(errnoOf(() => exec(machine, '/rom/nothing'))).toBe('ENOENT');
});
