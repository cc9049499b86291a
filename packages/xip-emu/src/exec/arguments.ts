import { nameToBytes } from 'cramfs-format';
import type { Architecture } from '../arch/architecture.js';
import type { KernelBuild } from '../arch/kernel-build.js';
import { SyscallError } from '../errno.js';
import type { MmuMemory } from '../mm/mmu-memory.js';
import { createStack } from '../mm/stack.js';
import type { Address } from '../units.js';
import { auxiliaryVector, type LoadedAddresses } from './auxv.js';

/** What execve() passes on; byte strings. */
export interface ExecArguments {
  readonly argv: readonly string[];
  readonly envp: readonly string[];
}

/** MAX_ARG_STRLEN limits one string with an MMU, MAX_ARG_PAGES all of them without. */
const MAX_ARG_PAGES = 32;
/** All strings and pointers with an MMU: a quarter of the stack's limit. */
const MAX_ARGUMENTS = 2 << 20;
/** What AT_RANDOM points to. */
const RANDOM_BYTES = 16;

/**
 * Checks that there is room for a new program's strings: file name, environment, arguments.
 *
 * @throws SyscallError E2BIG. Compare fs/exec.c:bprm_stack_limits(), copy_strings().
 */
export function checkArguments(
  filename: string,
  { argv, envp }: ExecArguments,
  { arch, mmu, geometry }: Pick<KernelBuild, 'arch' | 'mmu' | 'geometry'>,
): void {
  const lengths = [filename, ...envp, ...argv].map(({ length }) => length + 1);
  const bytes = lengths.reduce((sum, length) => sum + length, 0);
  const pages = MAX_ARG_PAGES * geometry.size;
  const fits = mmu
    ? bytes <= MAX_ARGUMENTS - (argv.length + envp.length) * arch.pointerSize &&
      lengths.every((length) => length <= pages)
    : bytes <= pages - arch.pointerSize;
  if (!fits) throw new SyscallError('E2BIG', 'the arguments are too long');
}

/** The strings of a new program as they are in its memory: arguments, environment, file name. */
export function argumentStrings(filename: string, { argv, envp }: ExecArguments): Uint8Array {
  return nameToBytes([...argv, ...envp, filename].map((text) => `${text}\0`).join(''));
}

/** argv and envp, each with a zero at its end. @param strings where they start. */
export function argumentPointers(strings: Address, { argv, envp }: ExecArguments): Address[] {
  const words: Address[] = [];
  let at = strings;
  for (const vector of [argv, envp]) {
    for (const { length } of vector) {
      words.push(at);
      at += length + 1;
    }
    words.push(0);
  }
  return words;
}

/** Bytes of the arguments and of the environment, their NULs included: the file name follows them. */
export function bytesOfStrings({ argv, envp }: ExecArguments): number {
  return [...argv, ...envp].reduce((sum, { length }) => sum + length + 1, 0);
}

/** Words of memory, as large as a pointer. */
export function encodeWords(
  { pointerSize, endianness }: Architecture,
  words: readonly number[],
): Uint8Array {
  const bytes = new Uint8Array(words.length * pointerSize);
  const view = new DataView(bytes.buffer);
  const little = endianness === 'little';
  words.forEach((word, index) => {
    if (pointerSize === 4) view.setUint32(index * 4, word, little);
    else view.setBigUint64(index * 8, BigInt(word), little);
  });
  return bytes;
}

/**
 * Makes the stack of a new program, with its strings at the top. Compare fs/exec.c:copy_strings().
 *
 * @returns where the strings start.
 */
export function pushStrings(
  memory: MmuMemory,
  filename: string,
  args: ExecArguments,
  executableStack: boolean,
): Address {
  const bytes = argumentStrings(filename, args);
  const { stackTop, arch, geometry } = memory.mm.host.build;
  createStack(memory.mm, geometry.pagesOf(bytes.length + arch.pointerSize), executableStack);
  const start = stackTop * geometry.size - arch.pointerSize - bytes.length;
  bytes.forEach((byte, at) => {
    memory.store(start + at, byte);
  });
  return start;
}

/**
 * Puts argc, the vectors and the auxiliary vector below the strings. Compare
 * fs/binfmt_elf.c:create_elf_tables().
 *
 * @param strings where they start.
 * @returns the stack pointer of the program.
 */
export function pushTables(
  memory: MmuMemory,
  strings: Address,
  args: ExecArguments,
  loaded: LoadedAddresses,
): Address {
  const { build, randomBytes } = memory.mm.host;
  const { arch } = build;
  const { pointerSize } = arch;
  const words = [args.argv.length, ...argumentPointers(strings, args)];
  const { auxvEntries, platform, stringsAlign = 16 } = arch.elf;
  const names = platform === undefined ? 0 : platform.length + 1;
  const platformAt = alignDown(strings, stringsAlign) - names;
  const random = platformAt - RANDOM_BYTES;
  const auxv = random - auxvEntries * 2 * pointerSize;
  const stack = alignDown(auxv - words.length * pointerSize, 16);
  const content = new Uint8Array(strings - stack);
  const execfn = strings + bytesOfStrings(args);
  const vector = auxiliaryVector(arch, build.geometry.size, loaded, {
    execfn,
    platform: platformAt,
    random,
  });
  content.set(encodeWords(arch, [...words, ...vector]));
  content.set(randomBytes(RANDOM_BYTES), random - stack);
  content.set(nameToBytes(platform ?? ''), platformAt - stack);
  content.forEach((byte, offset) => {
    memory.store(stack + offset, byte);
  });
  return stack;
}

/** @param to a power of two. */
export function alignDown(address: Address, to: number): Address {
  return Math.floor(address / to) * to;
}
