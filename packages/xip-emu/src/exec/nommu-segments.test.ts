import { PF_R, PF_W, PF_X } from 'cramfs-elf';
import { describe, expect, test } from 'vitest';
import { fdpicFile } from '../../../../test/helpers/nommu-programs.js';
import type { TestSegment } from '../../../../test/helpers/elf-builder.js';
import { programMachine, xipFile } from '../../../../test/helpers/programs.js';
import { file, noise, type RawNode } from '../../../../test/helpers/raw-image.js';
import { KernelCorruption } from '../kernel-corruption.js';
import type { Process } from '../process.js';
import { ExecKilled } from './point-of-no-return.js';
import type { LoadedSegment } from './loaded-object.js';
import { startProgram } from './start-program.js';

const P = 4096;
const TEXT: TestSegment = { flags: PF_R | PF_X, offset: 0, filesz: 0x80 };

/** An executable file all of which is copied to RAM. */
function compressed(content: Uint8Array): RawNode {
  return file(content, { mode: 0o755 });
}

/** Loads an FDPIC program. */
function load(
  segment: TestSegment,
  stored = compressed,
): { process: Process; loaded: LoadedSegment; body: Uint8Array } {
  const body = fdpicFile([TEXT, segment], noise(3 * P));
  const machine = programMachine({ '/p': stored(body) }, { arch: 'arm', mmu: false });
  const process = machine.spawn();
  const loaded = startProgram(process, '/p').objects[0]!.segments[1]!;
  return { process, loaded, body };
}

function bytesAt(process: Process, address: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  expect(process.loadRange(address, bytes)).toEqual({ loaded: length });
  return bytes;
}

describe('elf_fdpic_map_file_by_direct_mmap()', () => {
  test('a writable segment is cleared before and after its data', () => {
    const offset = P + 0x100;
    const vaddr = 0x20100;
    const { process, loaded, body } = load({
      flags: PF_R | PF_W,
      offset,
      vaddr,
      filesz: 0x200,
      memsz: 0x340,
    });
    const start = loaded.address - 0x100;
    expect(bytesAt(process, start, 0x100)).toEqual(new Uint8Array(0x100));
    expect(bytesAt(process, loaded.address, 0x200)).toEqual(body.subarray(offset, offset + 0x200));
    expect(bytesAt(process, loaded.address + 0x200, 0x140)).toEqual(new Uint8Array(0x140));
    // The rest of the page comes from the file.
    expect(bytesAt(process, loaded.address + 0x340, 0x20)).toEqual(
      body.subarray(offset + 0x340, offset + 0x360),
    );
  });

  test('a read-only segment loses its last bytes: the kernel counts from the start of the page', () => {
    const offset = P + 0x100;
    const vaddr = 0x20100;
    const { process, loaded, body } = load({
      flags: PF_R,
      offset,
      vaddr,
      filesz: 0x200,
      memsz: 0x240,
    });
    const expected = body.slice(P, 2 * P);
    expected.fill(0, 0x200, 0x240);
    expect(bytesAt(process, loaded.address - 0x100, P)).toEqual(expected);
  });

  test('more in the file than in memory: the kernel clears memory until it dies', () => {
    const segment = { flags: PF_R | PF_W, offset: P, vaddr: 0x20000, filesz: 0x200, memsz: 0x100 };
    expect(() => load(segment)).toThrow(KernelCorruption);
    expect(() => load(segment)).toThrow(/more bytes in the file than in memory/);
  });

  test.each<readonly [string, Partial<TestSegment>]>([
    ['not at its place in a page', { vaddr: 0x20004 }],
    ['before the file', { offset: 0, vaddr: 0x20010 }],
    ['of no size', { filesz: 0, memsz: 0 }],
    ['whose end wraps round', { offset: 0xfffff000, filesz: 0, memsz: 0x1000 }],
    ['of all addresses', { offset: 0, vaddr: 0, memsz: 0xffffffff }],
    ['for which there is no room', { memsz: 0x7fffffff }],
  ])('a segment %s kills the program', (_, changes) => {
    const segment = { flags: PF_R | PF_W, offset: P, vaddr: 0x20000, filesz: 0x200, ...changes };
    expect(() => load(segment)).toThrow(ExecKilled);
  });

  test('past the end of the file: zeros where it is copied, no mapping where it is in place', () => {
    const segment = { flags: PF_R, offset: 3 * P, vaddr: 0x20000, filesz: P };
    const { process, loaded } = load(segment);
    expect(bytesAt(process, loaded.address, P)).toEqual(new Uint8Array(P));
    expect(() => load(segment, xipFile)).toThrow(ExecKilled);
  });
});
