import { describe, expect, test } from 'vitest';
import { elfObject, type ElfObjectOptions } from '../../bench/src/emulator/elf-object.js';
import { SyscallError, UnmodelledError } from '#xip-emu/errno.js';
import { parseLdSoCache } from '#xip-emu/exec/dynamic-linker/ld-so-cache.js';
import { programCost } from '#xip-emu/exec/program-cost.js';
import { FileCalls } from '#xip-emu/file-calls.js';
import type { MachineOptions } from '#xip-emu/machine.js';
import { AddressSpace } from '#xip-emu/vfs/address-space.js';
import { programMachine, xipFile } from '../helpers/programs.js';
import { file, symlink, type RawNode } from '../helpers/raw-image.js';

/*
 * Programs that ask for work without end. What is bounded is counted: opens, pages that are read.
 */

const LOADERS = ['/lib/ld-linux-armhf.so.3', '/lib/ld-musl-armhf.so.1'] as const;
const MACHINE = 40;
const MIPS = 8;

type Files = Readonly<Record<string, RawNode>>;

function object(options: ElfObjectOptions = {}): RawNode {
  return xipFile(
    elfObject({ elfClass: 32, machine: MACHINE, textSize: 4096, data: 16, ...options }),
  );
}

function loaders(): Files {
  return Object.fromEntries(LOADERS.map((path) => [path, object({ soname: path.slice(5) })]));
}

/** Counts while a program starts and all of its memory is used. */
function count(files: Files, path = '/bin/p', options: MachineOptions = {}) {
  const counts = { opens: 0, reads: 0 };
  const restore = [
    counting(FileCalls.prototype, 'open', () => (counts.opens += 1)),
    counting(AddressSpace.prototype, 'read', () => (counts.reads += 1)),
  ];
  try {
    return {
      outcome: outcomeOf(() => programCost(programMachine(files, options), path)),
      ...counts,
    };
  } finally {
    for (const undo of restore) undo();
  }
}

/** Calls `tick` at each call of a method. Vitest's spies keep all that they see. @returns the undo. */
function counting<K extends string>(
  prototype: Record<K, (...args: never[]) => unknown>,
  name: K,
  tick: () => void,
): () => void {
  const original = prototype[name];
  prototype[name] = function (this: unknown, ...args) {
    tick();
    return original.apply(this, args);
  };
  return () => {
    prototype[name] = original;
  };
}

function outcomeOf(run: () => ReturnType<typeof programCost>) {
  try {
    const { started } = run();
    return {
      libraries: started.objects.filter(({ role }) => role === 'library').length,
      missing: started.missing.length,
    };
  } catch (error) {
    if (error instanceof SyscallError) return error.code;
    if (error instanceof UnmodelledError) return error.message;
    throw error;
  }
}

describe.each([true, false])('execve, with an MMU: %s', (mmu) => {
  test.each([32, 64] as const)('65535 program headers of %i bits', (elfClass) => {
    const bytes = elfObject({
      elfClass,
      machine: elfClass === 32 ? MACHINE : 243,
      osAbi: mmu ? 0 : 65,
    });
    new DataView(bytes.buffer).setUint16(elfClass === 32 ? 44 : 56, 0xffff, true);
    const arch = elfClass === 32 ? 'arm' : 'riscv64';
    const { outcome, reads } = count({ '/bin/p': xipFile(bytes) }, '/bin/p', { mmu, arch });
    // Compare fs/binfmt_elf.c:load_elf_phdrs(), fs/binfmt_elf_fdpic.c:elf_fdpic_fetch_phdrs().
    expect(outcome).toBe(mmu ? 'ENOEXEC' : 'ENOMEM');
    expect(reads).toBeLessThan(40);
  });

  test('scripts in a circle, and symlinks', () => {
    const script = (line: string): RawNode => file(`#!${line}\n`, { mode: 0o755 });
    const files = {
      '/bin/a': script('/bin/b'),
      '/bin/b': script('/bin/a x'),
      '/bin/link': symlink('/bin/link'),
      '/bin/p': script('/bin/link'),
    };
    expect(count(files, '/bin/a', { mmu })).toMatchObject({ outcome: 'ELOOP' });
    expect(count(files, '/bin/p', { mmu })).toMatchObject({ outcome: 'ELOOP' });
  });
});

describe.each(LOADERS)('%s', (interpreter) => {
  test('libraries in a chain, and in a circle', () => {
    const length = 300;
    const chain: Record<string, RawNode> = {};
    for (let index = 0; index < length; index += 1) {
      const needed = [`l${(index + 1) % length}`, 'l0', `l${index}`];
      chain[`/lib/l${index}`] = object({ needed, soname: `l${index}` });
    }
    const program = object({ interpreter, needed: ['l0'] });
    const { outcome, opens } = count({ ...loaders(), ...chain, '/bin/p': program });
    expect(outcome).toEqual({ libraries: length, missing: 0 });
    // Each is searched for once, in a few directories.
    expect(opens).toBeLessThan(6 * length);
  });

  test('thousands of directories for thousands of libraries', () => {
    const runpath = Array.from({ length: 3000 }, (_, index) => `/${index.toString(36)}`).join(':');
    const needed = Array.from({ length: 500 }, (_, index) => `l${index}`);
    const program = object({ textSize: 65536, interpreter, needed, runpath });
    const { outcome, opens } = count({ ...loaders(), '/bin/p': program });
    expect(outcome).toMatch(/more than 100000 places/);
    expect(opens).toBeLessThan(100_100);
  });

  test('a directory list of thousands of entries, and a library that is in the first of them', () => {
    const runpath = `/lib:${'/x:'.repeat(5000)}`;
    const needed = Array.from({ length: 100 }, (_, index) => `l${index}`);
    const libraries = Object.fromEntries(
      needed.map((name) => [`/lib/${name}`, object({ soname: name })]),
    );
    const program = object({ textSize: 65536, interpreter, needed, runpath });
    const { outcome, opens } = count({ ...loaders(), ...libraries, '/bin/p': program });
    expect(outcome).toEqual({ libraries: 100, missing: 0 });
    expect(opens).toBeLessThan(200);
  });

  test('hash tables and other tables that lead to themselves, or out of the object', () => {
    for (const value of [0, 0x400, 0x1000, 0x1004, 0x7fffffff, 0xffffffff]) {
      const entries = [4, 0x6ffffef5, 6, 0x6ffffff0, 0x6ffffffe, 23, 2, 36, 35, 17, 18].map(
        (tag) => [tag, value] as const,
      );
      const program = object({ interpreter, needed: ['x'], entries });
      const library = object({ soname: 'x', entries });
      const { opens, reads } = count({ ...loaders(), '/lib/x': library, '/bin/p': program });
      expect(opens).toBeLessThan(20);
      expect(reads).toBeLessThan(100);
    }
  });

  test('a global offset table of four billion words', () => {
    const mips = { elfClass: 32, machine: MIPS, textSize: 4096 } as const;
    const entries = [
      [3, 0x1080],
      [0x7000000a, 0xffffffff],
      [0x70000011, 0xffffffff],
    ] as const;
    const loader = xipFile(elfObject({ ...mips, soname: 'ld' }));
    const program = xipFile(elfObject({ ...mips, interpreter, entries, bss: 0x3000 }));
    const little = count({ [interpreter]: loader, '/bin/p': program });
    expect(little.outcome).toEqual({ libraries: 0, missing: 0 });
  });
});

test('ld.so.cache of which every entry is most of the file is not one', () => {
  const cache = (entries: number, distance: number): Uint8Array => {
    const strings = 48 + 24 * entries;
    const bytes = new Uint8Array(strings + 20_000).fill(97);
    bytes.set(new TextEncoder().encode('glibc-ld.so.cache1.1\0'));
    const view = new DataView(bytes.buffer);
    view.setUint32(20, entries, true);
    view.setUint32(28, 2, true);
    for (let entry = 0; entry < entries; entry += 1) {
      const at = 48 + 24 * entry;
      view.setUint32(at + 4, strings + entry * distance, true);
      view.setUint32(at + 8, bytes.length - 50, true);
      view.setBigUint64(at + 16, 0n, true);
    }
    return bytes;
  };
  expect(parseLdSoCache(cache(20_000, 0), true)).toBeUndefined();
  expect(parseLdSoCache(cache(5, 4000), true)?.size).toBe(2);
  const program = object({ interpreter: LOADERS[0], needed: ['x'] });
  const files = { ...loaders(), '/etc/ld.so.cache': file(cache(20_000, 0)), '/bin/p': program };
  expect(count(files).outcome).toEqual({ libraries: 0, missing: 1 });
});
