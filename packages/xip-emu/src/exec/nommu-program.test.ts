import { openImage } from 'cramfs-reader';
import { describe, expect, test } from 'vitest';
import { errnoOf } from '../../../../test/helpers/emulator.js';
import { elfFile } from '../../../../test/helpers/elf-builder.js';
import { buildRawImage, directory, file } from '../../../../test/helpers/raw-image.js';
import { Machine } from '../machine.js';
import { NommuMemory } from '../nommu/nommu-memory.js';
import { VM_EXEC, VM_WRITE } from '../vfs/vm-area.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import { execNommu, type NommuProgram } from './nommu-program.js';
import { ExecKilled } from './point-of-no-return.js';

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
  relocCount = 0,
): Uint8Array {
  const bytes = new Uint8Array(dataStart + data).fill(0x7e);
  bytes.fill(0xda, dataStart);
  const words = [0x62464c54, 4, 64, dataStart, dataStart + data, dataStart + data + bss, stack];
  bytes.fill(0, 0, 64);
  const view = new DataView(bytes.buffer);
  words.forEach((word, at) => {
    view.setUint32(at * 4, word);
  });
  view.setUint32(28, dataStart + data);
  view.setUint32(32, relocCount);
  view.setUint32(36, flags);
  return bytes;
}

interface Loaded {
  readonly program: NommuProgram;
  readonly mm: NommuMemory;
  readonly machine: Machine;
}

interface LoadOptions {
  readonly mode?: number;
  readonly blocks?: string;
  /** Content of /rom/i, what an interpreter is called in these tests. */
  readonly interpreter?: Uint8Array;
}

function load(content: Uint8Array, options: LoadOptions = {}): Loaded {
  const { mode = 0o755, blocks = 'D', interpreter = new Uint8Array(0) } = options;
  const pages = Math.ceil(content.length / PAGE_SIZE);
  const p = file(content, { mode, blocks: blocks.repeat(pages) });
  const { bytes } = buildRawImage({ p, d: directory({}), i: file(interpreter, { mode: 0o755 }) });
  const rom = { address: ROM, size: 1 << 20, bytes };
  const machine = new Machine({ mmu: false, roms: [rom] });
  machine.mountCramfs('/rom', openImage(bytes), ROM);
  const { program, mm } = exec(machine, '/rom/p');
  return { program, mm, machine };
}

function exec(machine: Machine, path: string): { program: NommuProgram; mm: NommuMemory } {
  const process = machine.spawn();
  const { mm } = process;
  if (!(mm instanceof NommuMemory)) throw new Error('a machine without MMU');
  return { program: execNommu(process, mm, path, ARGUMENTS), mm };
}

/** The errno of an execve() that kills the process. */
function killerOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ExecKilled) return error.code;
    throw error;
  }
}

/** [in ROM, pages, writable, executable] of each mapping. */
function layout(mm: NommuMemory): [boolean, number, boolean, boolean][] {
  return [...mm.mm.vmas()].map(({ vmStart, vmEnd, vmFlags }) => [
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
    expect(errnoOf(() => load(flatFile(0x1000, 16, 0, 2 ** 28 - 48)))).toBe('ENOEXEC');
    expect(errnoOf(() => load(flatFile(0x1000, 16, 0, 0, 0, 2 ** 25)))).toBe('ENOEXEC');
  });

  test('a program that fails to load after the old one is gone kills the process', () => {
    expect(killerOf(() => load(flatFile(0x1000, 16, 0, 2 ** 22)))).toBe('ENOMEM');
    const long = flatFile(0x1000, 16, 0, 0x1000);
    new DataView(long.buffer).setUint32(12, 0x100000);
    new DataView(long.buffer).setUint32(16, 0x100000);
    new DataView(long.buffer).setUint32(20, 0x100000);
    expect(
      killerOf(() => load(long)),
      'text that is longer than the file',
    ).toBe('EINVAL');
  });
});

describe('how long the block of a bFLT program is', () => {
  const pagesOf = (content: Uint8Array): number => {
    const { vmStart, vmEnd } = [...load(content).mm.mm.vmas()].at(-1)!;
    return (vmEnd - vmStart) / PAGE_SIZE;
  };
  /** A pointer, two names of seven bytes and their ends, two vectors: 48 bytes. */
  const args = 48;

  test('data, bss, stack and arguments, to the byte', () => {
    const data = 0x100;
    const bss = 0x80;
    expect(pagesOf(flatFile(0x1000, data, bss, PAGE_SIZE - data - bss - args))).toBe(1);
    expect(pagesOf(flatFile(0x1000, data, bss, PAGE_SIZE - data - bss - args + 1))).toBe(2);
  });

  test('with text in RAM as well; aligning data takes no room of its own', () => {
    const text = 0x1001;
    const stack = 2 * PAGE_SIZE - text - 16 - args;
    expect(pagesOf(flatFile(text, 16, 0, stack, 1))).toBe(2);
    expect(pagesOf(flatFile(text, 16, 0, stack + 1, 1))).toBe(3);
  });

  test('eight bytes for a relocation, if that is more than bss and stack', () => {
    const relocations = new Uint8Array(4 * 512);
    const content = (count: number): Uint8Array => {
      const flat = flatFile(0x1000, 0, 0, 0, 0, count);
      const bytes = new Uint8Array(flat.length + relocations.length);
      bytes.set(flat.subarray(0, 64));
      return bytes;
    };
    expect(pagesOf(content(512))).toBe(1);
    expect(pagesOf(content(513))).toBe(2);
  });
});

describe('relocations of a bFLT program', () => {
  const TEXT = 0x1000;
  const DATA = 64;
  const CODE = TEXT - 64;

  /** Data and relocations as words; those of data little-endian, but for `big`. */
  function program(data: readonly number[], relocs: readonly number[], flags: number, big = false) {
    const flat = flatFile(TEXT, DATA, 32, 0x1000, flags, relocs.length);
    const bytes = new Uint8Array(flat.length + relocs.length * 4);
    bytes.set(flat);
    bytes.fill(0, TEXT);
    const view = new DataView(bytes.buffer);
    data.forEach((word, index) => {
      view.setUint32(TEXT + index * 4, word, !big);
    });
    relocs.forEach((word, index) => {
      view.setUint32(TEXT + DATA + index * 4, word);
    });
    return bytes;
  }

  /** Words of the data once it is loaded, each `text+N`, `data+N` or a number. */
  function words({ program: { startCode, startData }, mm }: Loaded, count: number): unknown[] {
    const bytes = new Uint8Array(count * 4);
    mm.loadRange(startData, bytes);
    const view = new DataView(bytes.buffer);
    return Array.from({ length: count }, (_, index) => {
      const word = view.getUint32(index * 4, true);
      if (word >= startData && word < startData + 0x1000) return `data+${word - startData}`;
      if (word >= startCode && word < startCode + TEXT) return `text+${word - startCode}`;
      return word;
    });
  }

  test.each(['D', 'C'])('words that they name are moved, zeros stay; blocks %s', (blocks) => {
    const content = program(
      [16, 0, CODE + 8, CODE + DATA + 32],
      [CODE, CODE + 4, CODE + 8, CODE + 12],
      0,
      true,
    );
    const loaded = load(content, { blocks });
    expect(words(loaded, 4)).toEqual(['text+80', 0, 'data+8', `data+${DATA + 32}`]);
    expect(loaded.mm.load(loaded.program.startData + DATA), 'the relocations are gone').toBe(0);
  });

  test('a table at the start of data ends with -1; two words may be the loader’s', () => {
    const end = 0xffffffff;
    const table = load(program([4, 0, CODE + 4, end, 5], [], 2));
    expect(words(table, 5)).toEqual(['text+68', 0, 'data+4', end, 5]);
    const narrow = load(program([end, 7, 4, end], [], 2));
    expect(words(narrow, 4)).toEqual([end, 7, 'text+68', end]);
    const wide = load(program([end, end, 7, 7, 4, end], [], 2));
    expect(words(wide, 6)).toEqual([end, end, 7, 7, 'text+68', end]);
  });

  test('an address outside of the program kills it', () => {
    const pastEnd = CODE + DATA + 32 + 1;
    expect(killerOf(() => load(program([pastEnd], [CODE], 0, true)))).toBe('ENOEXEC');
    expect(killerOf(() => load(program([], [pastEnd], 0, true)))).toBe('ENOEXEC');
    expect(killerOf(() => load(program([pastEnd, 0xffffffff], [], 2)))).toBe('ENOEXEC');
  });
});

describe('ELF', () => {
  const body = Uint8Array.from({ length: 3 * PAGE_SIZE }, (_, at) => at & 255);

  test('program headers of another size are ENOMEM, but for a program at fixed addresses', () => {
    const foreign = (type: number): Uint8Array => {
      const elf = elfFile(64, true, [{ flags: 5, offset: 0, filesz: PAGE_SIZE }], body, type);
      return elf.fill(32, 54, 55);
    };
    expect(errnoOf(() => load(foreign(3)))).toBe('ENOMEM');
    expect(errnoOf(() => load(foreign(2)))).toBe('ENOEXEC');
  });

  test('more in the file than in memory is read in full, over what follows the program', () => {
    const withRest = (rest: number): Uint8Array =>
      elfFile(64, true, [{ flags: 5, offset: 0, filesz: 0x200 + rest, memsz: 0x200 }], body, 3);
    const { program, mm } = load(withRest(PAGE_SIZE - 0x200));
    expect(mm.load(program.startCode + 0x234), 'in the same page').toBe(body[0x234]);
    expect(() => load(withRest(PAGE_SIZE - 0x1ff))).toThrow('follows the memory of the program');
    const cutOff = body.slice(0, PAGE_SIZE - 1);
    const inFile = [{ flags: 5, offset: 0, filesz: 2 ** 40, memsz: 0x200 }];
    expect(() => load(elfFile(64, true, inFile, cutOff, 3)), 'less in the file').not.toThrow();
  });

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

  describe('with an interpreter', () => {
    const PT_INTERP = 3;
    const NAME = 0x800;
    const interp = (text: string, stack = 0): Uint8Array => {
      const named = body.slice();
      named.set(Buffer.from(text), NAME);
      const segments = [
        { flags: 5, offset: 0, filesz: PAGE_SIZE },
        { type: PT_INTERP, flags: 4, offset: NAME, filesz: text.length },
        { type: PT_GNU_STACK, flags: 6, offset: 0, filesz: stack },
      ];
      return elfFile(64, true, segments, named, 3);
    };
    const interpreter = elfFile(
      64,
      true,
      [
        { flags: 5, offset: 0, filesz: 2 * PAGE_SIZE },
        { type: PT_GNU_STACK, flags: 7, offset: 0, filesz: 7 * PAGE_SIZE },
      ],
      body,
      3,
    );

    test('both are in RAM; its stack counts if the program asks for none', () => {
      expect(layout(load(interp('/rom/i\0'), { interpreter }).mm)).toEqual([
        [false, 1, true, true],
        [false, 2, true, true],
        [false, 7, true, true],
      ]);
      expect(layout(load(interp('/rom/i\0', 3 * PAGE_SIZE), { interpreter }).mm).at(-1)).toEqual([
        false,
        3,
        true,
        false,
      ]);
    });

    test.each([
      ['no name', '\0', 'ENOENT'],
      ['a name without an end', '/rom/i', 'ENOENT'],
      ['nothing of that name', '/rom/nothing\0', 'ENOENT'],
      ['a directory', '/rom/d\0', 'EACCES'],
    ])('refused: %s', (_, name, errno) => {
      expect(errnoOf(() => load(interp(name), { interpreter }))).toBe(errno);
    });

    test('refused: a name that is too long or cut off, a file that is not an interpreter', () => {
      const at = (offset: number, filesz: number): Uint8Array =>
        elfFile(64, true, [{ type: PT_INTERP, flags: 4, offset, filesz }], body, 3);
      expect(errnoOf(() => load(at(0, PAGE_SIZE + 1)))).toBe('ENOMEM');
      expect(errnoOf(() => load(at(body.length - 4, 8)))).toBe('ENOEXEC');
      expect(errnoOf(() => load(interp('/rom/i\0'), { interpreter: body }))).toBe('ELIBBAD');
      const short = { interpreter: interpreter.subarray(0, 255) };
      expect(errnoOf(() => load(interp('/rom/i\0'), short))).toBe('ENOEXEC');
    });
  });

  test('a program that fails to load after the old one is gone kills the process', () => {
    expect(killerOf(() => load(elfFile(64, true, [], body, 3)))).toBe('ELIBBAD');
    const large = [{ flags: 5, offset: 0, filesz: 2 ** 22 + 1 }];
    expect(killerOf(() => load(elfFile(64, true, large, body, 3)))).toBe('ENOMEM');
    const dynamic = (filesz: number): Uint8Array => {
      const segments = [
        { flags: 6, offset: 0, filesz: PAGE_SIZE },
        { type: 2, flags: 6, offset: 0, filesz },
      ];
      return elfFile(64, true, segments, new Uint8Array(PAGE_SIZE + 1), 3);
    };
    expect(killerOf(() => load(dynamic(32)))).toBe('ELIBBAD');
    expect(killerOf(() => load(dynamic(0x208)))).toBe('ELIBBAD');
    load(dynamic(0x200));
  });

  test('a program that is linked to an address is refused', () => {
    const segments = [{ flags: 5, offset: 0, filesz: PAGE_SIZE }];
    expect(errnoOf(() => load(elfFile(64, true, segments, body, 2)))).toBe('ENOEXEC');
  });
});

test('a file that is not a program, or may not be executed', () => {
  const content = flatFile(0x1000, 16, 0, 0x1000);
  expect(errnoOf(() => load(content, { mode: 0o644 }))).toBe('EACCES');
  expect(errnoOf(() => load(new Uint8Array(100).fill(0x20)))).toBe('ENOEXEC');
  const { machine } = load(content);
  expect(errnoOf(() => exec(machine, '/rom/d'))).toBe('EACCES');
  expect(errnoOf(() => exec(machine, '/rom/nothing'))).toBe('ENOENT');
});
