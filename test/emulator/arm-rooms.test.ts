/** Where loaders without an MMU count the room of a program wrong, by the kernel's source. */
import { openImage } from 'cramfs-reader';
import { KernelCorruption, Machine, startProgram, type Process } from 'xip-emu';
import { describe, expect, test } from 'vitest';
import { fdpicFile, flatFile } from '../helpers/nommu-programs.js';
import { buildRawImage, file, noise } from '../helpers/raw-image.js';

const ROM = 0x20000000;
const PAGE = 4096;

function spawn(program: Uint8Array): Process {
  const { bytes } = buildRawImage({ p: file(program, { mode: 0o755 }) });
  const rom = { address: ROM, size: 1 << 20, bytes };
  const machine = new Machine({ arch: 'arm', mmu: false, roms: [rom] });
  machine.mountCramfs('/', openImage(bytes), ROM);
  return machine.spawn();
}

/** What stops the kernel; undefined if the program starts. */
function stopOf(program: Uint8Array): KernelCorruption | undefined {
  try {
    startProgram(spawn(program), '/p');
    return undefined;
  } catch (error) {
    if (error instanceof KernelCorruption) return error;
    throw error;
  }
}

describe('FDPIC segments', () => {
  const DISPLACEMENT = 0x20;
  const body = noise(2 * PAGE, 7);

  /** The pages of a segment of 0x300 bytes that starts within its page, and has `memsz` in memory. */
  function loaded(flags: number, memsz: number): Uint8Array {
    const at = PAGE + DISPLACEMENT;
    const program = fdpicFile(
      [
        { flags: 5, offset: 0, filesz: 0x200 },
        { flags, offset: at, vaddr: 0x10000 + DISPLACEMENT, filesz: 0x300, memsz },
      ],
      body.slice(),
    );
    const process = spawn(program);
    const { objects } = startProgram(process, '/p');
    const { address } = objects[0]!.segments[1]!;
    const seen = new Uint8Array(DISPLACEMENT + memsz);
    expect(process.loadRange(address - DISPLACEMENT, seen)).toEqual({ loaded: seen.length });
    return seen;
  }

  test('a writable one is cleared before and after its bytes', () => {
    const expected = body.slice(PAGE, PAGE + DISPLACEMENT + 0x380);
    expected.fill(0, 0, DISPLACEMENT);
    expected.fill(0, DISPLACEMENT + 0x300);
    expect(loaded(6, 0x380)).toEqual(expected);
  });

  test('of a read-only one the clearing starts too early, by what precedes it in its page', () => {
    const expected = body.slice(PAGE, PAGE + DISPLACEMENT + 0x380);
    expected.fill(0, 0x300, 0x380);
    expect(loaded(4, 0x380)).toEqual(expected);
  });

  test.each([4, 5, 6])('one that is shorter in memory than in the file: flags %i', (flags) => {
    const program = fdpicFile([{ flags, offset: 0, filesz: 0x200, memsz: 0x1ff }], body.slice());
    expect(stopOf(program)).toMatchObject({
      kind: 'memory overwritten',
      kernelFunction: expect.stringContaining('elf_fdpic_map_file_by_direct_mmap()') as string,
    });
  });
});

describe('bFLT data, which starts 32 bytes into a block that has room for 4 of them', () => {
  const DATA = 32;
  /** Ends at a multiple of 32, so that a program in RAM is not moved by its text. */
  const text = noise(192, 3);

  /** A program whose relocations are longer than its zeros and its stack. */
  function program(relocations: number, flags = 0): Uint8Array {
    const places = new Array<number>(relocations).fill(text.length);
    return flatFile(text, new Uint8Array(DATA), { relocations: places, stack: 16, flags });
  }

  test('relocations that fill the block go over what follows it', () => {
    const fitting = (PAGE - 32 - DATA) / 4;
    expect(stopOf(program(fitting))).toBeUndefined();
    for (const more of [1, 7]) {
      const found = stopOf(program(fitting + more));
      expect(found).toMatchObject({ kind: 'memory overwritten' });
      expect(found!.second.end - found!.first.end).toBe(4 * more);
    }
    // The next one makes the block larger.
    expect(stopOf(program(fitting + 8))).toBeUndefined();
  });

  test('in RAM as well, where the text is part of the block', () => {
    // 256 bytes of header and text, 4 for the library table, then up to a multiple of 32.
    const fitting = (PAGE - 256 - 32 - DATA) / 4;
    expect(stopOf(program(fitting, 1))).toBeUndefined();
    expect(stopOf(program(fitting + 1, 1))).toMatchObject({ kind: 'memory overwritten' });
  });

  test('data that ends after the block clears all of memory', () => {
    // "/p" twice and a word, argv and envp: 22 bytes, aligned.
    const length = PAGE - 4 - 24;
    const whole = flatFile(text, new Uint8Array(length).fill(1), { stack: 0 });
    expect(stopOf(whole)?.effect).toContain('longer than the room');
    const cut = whole.slice(0, 400);
    expect(stopOf(cut)?.effect).toContain('clears');
    expect(
      stopOf(flatFile(text, new Uint8Array(length - 4).fill(1), { stack: 0 })),
    ).toBeUndefined();
  });
});
