/**
 * Where programs without an MMU find their arguments: as the programs of the records saw it, and what
 * becomes of arguments that the stack has no room for.
 */
import { openImage } from 'cramfs-reader';
import {
  KernelCorruption,
  Machine,
  NommuMemory,
  isSyscallError,
  startProgram,
  type KernelConfig,
} from 'xip-emu';
import { describe, expect, test } from 'vitest';
import { armFixture, armTests, recordedAreas } from '../helpers/arm-records.js';
import { fdpicFile, flatFile } from '../helpers/nommu-programs.js';
import { buildRawImage, directory, file } from '../helpers/raw-image.js';

const ROM = 0x20000000;
const PAGE = 4096;
const RWX = 7;
const PT_LOAD = 1;
const PT_INTERP = 3;
const PT_GNU_STACK = 0x6474e551;
/** Behind the headers of a program with an interpreter. */
const NAME_AT = 52 + 4 * 32;

interface Started {
  readonly mm: NommuMemory;
  /** The stack pointer, and the end of the mapping that it is in. */
  readonly sp: number;
  readonly end: number;
}

function start(
  image: Uint8Array,
  path: string,
  argv: readonly string[] = [path],
  envp: readonly string[] = [],
  config: Partial<KernelConfig> = {},
): Started {
  const rom = { address: ROM, size: 4 << 20, bytes: image };
  const machine = new Machine({ arch: 'arm', mmu: false, roms: [rom], config });
  machine.mountCramfs('/', openImage(image), ROM);
  const process = machine.spawn();
  const { mm } = process;
  if (!(mm instanceof NommuMemory)) throw new Error('a machine without an MMU');
  startProgram(process, path, { argv, envp });
  const sp = mm.mm.startStack!;
  return { mm, sp, end: mm.mm.findVma(sp)!.vmEnd };
}

function word(mm: NommuMemory, address: number): number {
  const bytes = new Uint8Array(4);
  expect(mm.loadRange(address, bytes)).toEqual({ loaded: 4 });
  return new DataView(bytes.buffer).getUint32(0, true);
}

function string(mm: NommuMemory, address: number): string {
  let content = '';
  for (let at = address; mm.load(at) !== 0; at += 1) content += String.fromCharCode(mm.load(at));
  return content;
}

/** The strings of argv and envp that follow `at`. */
function vectors(mm: NommuMemory, at: number): string[][] {
  const found: string[][] = [[], []];
  let vector = 0;
  for (let next = at; vector < 2; next += 4) {
    const pointer = word(mm, next);
    if (pointer === 0) vector += 1;
    else found[vector]!.push(string(mm, pointer));
  }
  return found;
}

describe.each([
  ['p', 'p'],
  ['m', 'm'],
  ['k1', 'k1'],
  ['edge', 'p'],
])('record %s', (record, image) => {
  const bytes = armFixture(`${image}.img`);
  const tests = armTests(record).flatMap((recorded) => {
    const [, sp, r7] = / sp=([0-9a-f]+) r7=([0-9a-f]+)/.exec(recorded.lines.join('\n')) ?? [];
    const stack = recordedAreas(recorded, 'M').find(({ path }) => path === '[stack]');
    if (sp === undefined || stack === undefined) return [];
    const [verb, path, ...args] = recorded.command.split(' ');
    const argv = verb === 'two' ? [path!, 'hold'] : [path!, ...args];
    const [, argc, shown] = / argc=(\d+) (.*) pc=/.exec(recorded.lines.join('\n'))!;
    const isFdpic = Number(`0x${r7}`) !== 0;
    const below = stack.end - Number(`0x${sp}`);
    return [{ command: recorded.command, argv, isFdpic, below, argc: Number(argc), shown }];
  });

  test('has programs that tell', () => {
    expect(tests.length).toBeGreaterThan(2);
  });

  test.each(tests)('$command', ({ argv, isFdpic, below, argc, shown }) => {
    const { mm, sp, end } = start(bytes, argv[0]!, argv);
    expect(end - sp).toBe(below);
    expect(word(mm, sp)).toBe(argc);
    const isFlat = !isFdpic && word(mm, sp + 4) === sp + 12;
    const [seen] = vectors(mm, isFlat ? sp + 12 : sp + 4);
    expect(seen!.join(' ')).toBe(shown);
  });
});

/** An image with a program /p, and /i for its interpreter. */
function imageOf(p: Uint8Array, i: Uint8Array = new Uint8Array(1)): Uint8Array {
  const mode = 0o755;
  return buildRawImage({ p: file(p, { mode }), i: file(i, { mode }), d: directory({}) }).bytes;
}

function fdpic(stack: number, interpreter = false): Uint8Array {
  const body = new Uint8Array(PAGE).fill(1);
  body.set(new TextEncoder().encode('/i\0'), NAME_AT);
  return fdpicFile(
    [
      { type: PT_LOAD, vaddr: 0, offset: 0, filesz: 512, memsz: 512, flags: 5 },
      { type: PT_LOAD, vaddr: 0x10200, offset: 512, filesz: 64, memsz: 256, flags: 6 },
      { type: PT_GNU_STACK, vaddr: 0, offset: 0, filesz: 0, memsz: stack, flags: 6 },
      ...(interpreter
        ? [{ type: PT_INTERP, vaddr: NAME_AT, offset: NAME_AT, filesz: 3, memsz: 3, flags: 4 }]
        : []),
    ],
    body,
  );
}

/** What stopped the kernel, or the errno. */
function failure(run: () => unknown): KernelCorruption | string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof KernelCorruption) return error;
    if (isSyscallError(error)) return error.code;
    throw error;
  }
}

describe('FDPIC: nothing asks whether the arguments have room', () => {
  // The minimum is two pages, which hold 22 entries of 8 bytes, strings, vectors and load maps.
  const image = imageOf(fdpic(1));

  test('what fits is below the top', () => {
    const argv = ['/p', 'x'.repeat(7000), 'last'];
    const { mm, sp, end } = start(image, '/p', argv, ['A=1', '']);
    const vma = mm.mm.findVma(sp)!;
    expect(vma.vmEnd - vma.vmStart).toBe(2 * PAGE);
    expect(sp % 16).toBe(0);
    expect(vectors(mm, sp + 4)).toEqual([argv, ['A=1', '']]);
    expect(end - sp).toBeLessThanOrEqual(2 * PAGE);
  });

  test('strings that do not fit are stored below the stack', () => {
    const found = failure(() => start(image, '/p', ['/p', 'x'.repeat(9000)]));
    expect(found).toMatchObject({
      kind: 'memory overwritten',
      kernelFunction: 'fs/exec.c:transfer_args_to_stack()',
    });
    const { first, second } = found as KernelCorruption;
    expect(first.end - first.start).toBe(2 * PAGE);
    expect(second.end).toBe(first.end);
    // "/p" twice, and a word.
    expect(second.end - second.start).toBe(9001 + 3 + 3 + 4);
  });

  test('nor are tables that do not: thousands of short strings', () => {
    const many = Array.from({ length: 1500 }, () => 'x');
    expect(failure(() => start(image, '/p', ['/p', ...many]))).toMatchObject({
      kind: 'memory overwritten',
      kernelFunction: 'fs/binfmt_elf_fdpic.c:create_elf_fdpic_tables()',
    });
    expect(failure(() => start(imageOf(fdpic(65536)), '/p', ['/p', ...many]))).toBeUndefined();
  });

  test('the usual stack is as large as the longest strings: the tables are too much', () => {
    const argv = ['/p', 'x'.repeat(32 * PAGE - 4 - 3 - 3 - 1)];
    const usual = imageOf(fdpic(0));
    expect(failure(() => start(usual, '/p', argv))).toMatchObject({ kind: 'memory overwritten' });
    expect(failure(() => start(usual, '/p', [argv[0]!, `${argv[1]!}x`]))).toBe('E2BIG');
    expect(failure(() => start(imageOf(fdpic(33 * PAGE)), '/p', argv))).toBeUndefined();
  });

  test('the load map of an interpreter takes room, too', () => {
    const plain = start(imageOf(fdpic(0)), '/p');
    const interpreted = start(imageOf(fdpic(0, true), fdpic(0)), '/p');
    // A word and two segments of three: 28, rounded up, and then to 16 with the rest.
    expect(plain.end - plain.sp).toBe(224);
    expect(interpreted.end - interpreted.sp).toBe(256);
  });
});

describe('bFLT: the block has room for them', () => {
  const text = new Uint8Array(64).fill(2);
  const image = imageOf(flatFile(text, new Uint8Array(32).fill(3), { bss: 64 }));

  test.each([0, 1000, 10_000, 100_000])('%i bytes', (bytes) => {
    const argv = ['/p', 'x'.repeat(bytes), 'end'];
    const { mm, sp } = start(image, '/p', argv, ['A=1']);
    expect(sp % 8).toBe(0);
    expect(sp - mm.mm.brkEnd).toBeGreaterThanOrEqual(4000);
    expect(word(mm, sp)).toBe(3);
    expect(word(mm, sp + 4)).toBe(sp + 12);
    expect(word(mm, sp + 8)).toBe(sp + 12 + 16);
    expect(vectors(mm, sp + 12)).toEqual([argv, ['A=1']]);
  });

  test('without CONFIG_BINFMT_FLAT_ARGVP_ENVP_ON_STACK the vectors follow argc', () => {
    const config = { BINFMT_FLAT_ARGVP_ENVP_ON_STACK: false };
    const { mm, sp } = start(image, '/p', ['/p', 'a'], [], config);
    expect(vectors(mm, sp + 4)).toEqual([['/p', 'a'], []]);
  });

  test('a program in RAM as well', () => {
    const inRam = imageOf(flatFile(text, new Uint8Array(32), { flags: 1 }));
    const { mm, sp } = start(inRam, '/p', ['/p', 'x'.repeat(5000)]);
    expect(vectors(mm, sp + 12)[0]).toEqual(['/p', 'x'.repeat(5000)]);
    expect(mm.mm.findVma(sp)!.vmFlags & RWX).toBe(RWX);
  });

  test('a stack of nothing: the tables go over the end of the zeros', () => {
    // Data, zeros and arguments fill the block to its last byte.
    const strings = 2 * 3 + 4;
    const room = Math.ceil((strings + 4 * 4) / 8) * 8;
    const bss = PAGE - 4 - 32 - room;
    const bytes = flatFile(text, new Uint8Array(32).fill(3), { bss, stack: 0 });
    const { mm, sp } = start(imageOf(bytes), '/p');
    const block = mm.mm.findVma(sp)!;
    expect(block.vmEnd - block.vmStart).toBe(PAGE);
    // The 32 bytes before the data are not counted, so the bss ends after the first strings.
    expect(sp).toBeLessThan(mm.mm.startBrk);
    expect(word(mm, sp)).toBe(1);
  });
});
