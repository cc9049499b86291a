import { PF_R, PF_X, PT_GNU_STACK, PT_INTERP, PT_LOAD } from 'cramfs-elf';
import { describe, expect, test } from 'vitest';
import { elfFile } from '../../../../test/helpers/elf-builder.js';
import { mapAnonymous, memoryOf, mmOf, romMachine } from '../../../../test/helpers/emulator.js';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import { buildRawImage, file, text } from '../../../../test/helpers/raw-image.js';
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  PROT_EXEC,
  PROT_GROWSDOWN,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../memory-map.js';
import type { MemoryMap } from '../memory-map.js';
import { validateMm } from '../mm/validate.js';
import type { Process } from '../process.js';
import { areasIn } from '../report/areas.js';
import { mapsText } from '../report/maps.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import type { ExecArguments } from './arguments.js';
import { execElf } from './elf.js';

const TOP = 2 ** 38;
const PROGRAM = '/rom/bin/xstatic';

function start(args?: ExecArguments, machine = romMachine(kernelImage('basic'))): Process {
  const process = machine.spawn();
  execElf(process, memoryOf(process), PROGRAM, args);
  validateMm(mmOf(process));
  return process;
}

function word(process: Process, address: number): number {
  const bytes = new Uint8Array(8);
  expect(process.loadRange(address, bytes)).toEqual({ loaded: 8 });
  return Number(new DataView(bytes.buffer).getBigUint64(0, true));
}

function string(process: Process, address: number): string {
  let content = '';
  for (let at = address; ; at += 1) {
    const byte = process.load(at);
    if (byte === 0) return content;
    content += String.fromCharCode(byte);
  }
}

function stackOf(mm: MemoryMap): { pages: number; resident: number; flags: string | undefined } {
  const stack = areasIn(mm, TOP - 1, TOP)[0]!;
  expect(stack.line.endsWith('[stack]')).toBe(true);
  const { start, end, counts, vmFlags } = stack;
  const resident = counts!.rss / PAGE_SIZE;
  return { pages: (end - start) / PAGE_SIZE, resident, flags: vmFlags };
}

test('the stack of a program: 132 KiB below the end, with its arguments at the top', () => {
  const argv = [PROGRAM, 'one', ''];
  const envp = ['HOME=/', 'TERM=linux'];
  const process = start({ argv, envp });
  const mm = mmOf(process);
  expect(mapsText(process.mm)).toContain(
    '3ffffdf000-4000000000 rw-p 00000000 00:00 0                              [stack]\n',
  );
  expect(stackOf(process.mm)).toEqual({ pages: 33, resident: 1, flags: 'rd wr mr mw me gd ac' });

  const { startStack } = mm;
  expect(startStack % 16).toBe(0);
  const words = Array.from({ length: 8 }, (_, at) => word(process, startStack + at * 8));
  const [argc, a, b, c, end, d, e, last] = words;
  expect([argc, end, last]).toEqual([3, 0, 0]);
  expect([a, b, c, d, e].map((at) => string(process, at!))).toEqual([...argv, ...envp]);
  expect(string(process, TOP - 8 - PROGRAM.length - 1)).toBe(PROGRAM);
});

test('arguments of many pages; too many leave the process as it was', () => {
  const process = start({ argv: [PROGRAM, 'x'.repeat(100000)], envp: [] });
  expect(stackOf(process.mm)).toMatchObject({ pages: 25 + 32, resident: 25 });
  const long = { argv: ['x'.repeat(32 * PAGE_SIZE)], envp: [] };
  expect(() => execElf(process, memoryOf(process), PROGRAM, long)).toThrow('E2BIG');
  expect(stackOf(process.mm).pages).toBe(57);
  const many = Array.from({ length: 40 }, () => 'x'.repeat(60000));
  expect(() => start({ argv: [], envp: many })).toThrow('E2BIG');
});

test('the stack grows down, up to 8 MiB and to a guard gap above what is below', () => {
  const machine = romMachine(kernelImage('basic'));
  const process = start(undefined, machine);
  const mm = mmOf(process);
  const limit = TOP - (8 << 20);
  process.store(TOP - 0x100000, 1);
  expect(stackOf(process.mm)).toMatchObject({ pages: 256, resident: 2 });
  expect(() => process.load(limit - 1)).toThrow('SIGSEGV (MAPERR)');
  const hint = { address: TOP - 0x110000 };
  const at = process.mmap(PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, hint);
  expect(at).toBeLessThan(TOP - (128 << 20));

  const child = machine.fork(process);
  const below = mapAnonymous(process, 1, PROT_READ, { address: limit });
  expect(() => process.load(below + 256 * PAGE_SIZE)).toThrow('SIGSEGV (MAPERR)');
  expect(process.load(below + 257 * PAGE_SIZE)).toBe(0);
  validateMm(mm);
  // An area without access is a guard itself.
  mapAnonymous(child, 1, PROT_NONE, { address: limit });
  expect(child.load(limit + PAGE_SIZE)).toBe(0);
  expect(stackOf(child.mm).pages).toBe(2047);
});

test('PT_GNU_STACK; the dynamic loader comes before [vdso]; exec leaves nothing of before', () => {
  const body = text(3 * PAGE_SIZE);
  body.set(Buffer.from('/rom/ld.so\0'), 512);
  const load = { type: PT_LOAD, flags: PF_R | PF_X, offset: 0, filesz: 3 * PAGE_SIZE };
  const segments = [
    { type: PT_INTERP, flags: PF_R, offset: 512, filesz: 11 },
    { type: PT_GNU_STACK, flags: 7, offset: 0, filesz: 0 },
    load,
  ];
  const { bytes } = buildRawImage({
    prog: file(elfFile(64, true, segments, body, 3), { mode: 0o755 }),
    'ld.so': file(elfFile(64, true, [load], body, 3), { mode: 0o755 }),
  });
  const process = romMachine(bytes).spawn();
  mapAnonymous(process, 4, PROT_READ);
  expect(() => execElf(process, memoryOf(process), '/rom/none')).toThrow('ENOENT');
  expect(areasIn(process.mm, 0, TOP)).toHaveLength(3);
  const { interpreter } = execElf(process, memoryOf(process), '/rom/prog');
  const areas = areasIn(process.mm, 0, TOP).map(({ line }) => line.replace(/ .* /, ' '));
  expect(areas).toEqual([
    '2aaaaaa000-2aaaaad000 /rom/prog',
    '3ff7ffa000-3ff7ffc000 [vvar]',
    '3ff7ffc000-3ff7ffd000 [vdso]',
    '3ff7ffd000-3ff8000000 /rom/ld.so',
    '3ffffdf000-4000000000 [stack]',
  ]);
  expect(interpreter?.path).toBe('/rom/ld.so');
  expect(stackOf(process.mm).flags).toBe('rd wr ex mr mw me gd ac');
});

describe('a stack that mprotect(2) has split', () => {
  const argv = [PROGRAM, 'x'.repeat(18500)];

  /** The areas of the stack: pages from that of argc on, permissions, the gap's flag, name. */
  function areasOfStack(process: Process): string[] {
    const { startStack } = mmOf(process);
    const first = Math.floor(startStack / PAGE_SIZE);
    return areasIn(process.mm, TOP - (1 << 20), TOP).map(
      ({ start: from, end, permissions, vmFlags, line }) => {
        const pages = [from, end].map((address) => address / PAGE_SIZE - first).join('..');
        const gap = vmFlags!.split(' ').includes('gd') ? 'gd' : '';
        return `${pages} ${permissions} ${gap}${line.endsWith('[stack]') ? ' [stack]' : ''}`;
      },
    );
  }

  function protect(process: Process, page: number, prot: number): void {
    const first = Math.floor(mmOf(process).startStack / PAGE_SIZE);
    process.mprotect((first + page) * PAGE_SIZE, PAGE_SIZE, prot);
  }

  // Recorded on Linux 6.18 with a program whose arguments take five pages.
  test('keeps its name where argc is, and grows down in all parts', () => {
    const process = start({ argv, envp: [] });
    expect(areasOfStack(process)).toEqual(['-32..5 rw-p gd [stack]']);
    protect(process, 1, PROT_READ);
    expect(areasOfStack(process)).toEqual([
      '-32..1 rw-p gd [stack]',
      '1..2 r--p gd',
      '2..5 rw-p gd',
    ]);
    protect(process, -2, PROT_READ | PROT_WRITE | PROT_EXEC);
    expect(areasOfStack(process)).toEqual([
      '-32..-2 rw-p gd',
      '-2..-1 rwxp gd',
      '-1..1 rw-p gd [stack]',
      '1..2 r--p gd',
      '2..5 rw-p gd',
    ]);
    protect(process, -2, PROT_READ | PROT_WRITE | PROT_GROWSDOWN);
    expect(areasOfStack(process)).toEqual([
      '-32..1 rw-p gd [stack]',
      '1..2 r--p gd',
      '2..5 rw-p gd',
    ]);
    // The upper part is unchanged, and the lower part still grows.
    const { startStack } = mmOf(process);
    expect(() => {
      process.store(startStack + PAGE_SIZE, 1);
    }).toThrow('SIGSEGV (ACCERR)');
    process.store(startStack - 40 * PAGE_SIZE, 1);
    expect(areasOfStack(process)[0]).toBe('-40..1 rw-p gd [stack]');
    validateMm(mmOf(process));
  });

  test('PROT_GROWSDOWN reaches from a page down to the start of its part', () => {
    const process = start({ argv, envp: [] });
    protect(process, 1, PROT_READ);
    protect(process, 0, PROT_READ | PROT_GROWSDOWN);
    expect(areasOfStack(process)).toEqual(['-32..2 r--p gd [stack]', '2..5 rw-p gd']);
  });
});
