import { nameToBytes, nameToText } from 'cramfs-format';
import type { Architecture } from '../arch/architecture.js';
import type { NommuMemory } from '../nommu/nommu-memory.js';
import type { Address } from '../units.js';
import {
  alignDown,
  argumentPointers,
  argumentStrings,
  bytesOfStrings,
  encodeWords,
} from './arguments.js';
import { fdpicAuxiliaryVector, type LoadedAddresses } from './auxv.js';
import type { Binprm } from './binprm.js';
import type { LoadedSegment } from './loaded-object.js';
import { overwritten } from './memory-overwritten.js';

const TRANSFER = 'fs/exec.c:transfer_args_to_stack()';
const FDPIC_TABLES = 'fs/binfmt_elf_fdpic.c:create_elf_fdpic_tables()';
const FLAT_TABLES = 'fs/binfmt_flat.c:create_flat_tables()';

/** DLINFO_ITEMS of fs/binfmt_elf_fdpic.c, and AT_NULL. */
const AUXV_ENTRIES = 16;

/** Memory that a program has been given for its stack, the end exclusive. */
export interface StackArea {
  readonly start: Address;
  readonly end: Address;
}

/**
 * Puts the arguments of an FDPIC program on its stack: strings, load maps, auxiliary vector, pointers.
 * Compare fs/binfmt_elf_fdpic.c:create_elf_fdpic_tables().
 *
 * @param loadMaps the segments of the program, and of its interpreter if it has one.
 * @returns the stack pointer of the program, and where the load maps are.
 * @throws KernelCorruption if the stack is too small: the kernel does not check.
 */
export function pushFdpicArguments(
  memory: NommuMemory,
  stack: StackArea,
  bprm: Binprm,
  loadMaps: readonly (readonly LoadedSegment[])[],
  loaded: LoadedAddresses,
): { readonly sp: Address; readonly loadMaps: readonly Address[] } {
  const { arch } = memory.build;
  const { pointerSize } = arch;
  const strings = transferArguments(memory, stack, stack.end, bprm);
  const { platform, fdpicAuxvEntries = 0 } = arch.elf;
  const names = platform === undefined ? 0 : platform.length + 1;
  const platformAt = alignDown(strings, 16) - names;
  const maps = loadMaps.map((segments) => encodeLoadMap(arch, segments));
  const mapAddresses: Address[] = [];
  for (const { length } of maps) {
    mapAddresses.push(alignDown((mapAddresses.at(-1) ?? alignDown(platformAt, 8)) - length, 8));
  }
  const lowest = mapAddresses.at(-1)!;
  const entries = AUXV_ENTRIES + (platform === undefined ? 0 : 1) + fdpicAuxvEntries;
  const pointers = [bprm.argv.length, ...argumentPointers(strings, bprm)];
  const execfn = strings + bytesOfStrings(bprm);
  const where = { execfn, platform: platformAt };
  const words = [
    ...pointers,
    ...fdpicAuxiliaryVector(arch, memory.build.geometry.size, loaded, where, entries),
  ];
  const sp = alignDown(lowest - words.length * pointerSize, 16);
  const bytes = new Uint8Array(platformAt + names - sp);
  bytes.set(encodeWords(arch, words));
  maps.forEach((map, index) => {
    bytes.set(map, mapAddresses[index]! - sp);
  });
  bytes.set(nameToBytes(platform ?? ''), platformAt - sp);
  push(memory, stack, bprm, { at: sp, bytes, by: FDPIC_TABLES });
  return { sp, loadMaps: mapAddresses };
}

/** struct elf_fdpic_loadmap: version 0, the number of segments, and three words of each. */
function encodeLoadMap(arch: Architecture, segments: readonly LoadedSegment[]): Uint8Array {
  const { pointerSize } = arch;
  const words = segments.flatMap(({ address, vaddr, memsz }) => [address, vaddr, memsz]);
  const bytes = new Uint8Array(pointerSize + words.length * pointerSize);
  new DataView(bytes.buffer).setUint16(2, segments.length, arch.endianness === 'little');
  bytes.set(encodeWords(arch, words), pointerSize);
  return bytes;
}

/**
 * Puts the arguments of a bFLT program on its stack, for which the loader has made room, but for a
 * few words. Compare fs/binfmt_flat.c:load_flat_binary(), create_flat_tables().
 *
 * @param block all of the program's memory, at whose end the stack is.
 * @returns the stack pointer of the program.
 * @throws KernelCorruption if the block itself is too small.
 */
export function pushFlatArguments(memory: NommuMemory, block: StackArea, bprm: Binprm): Address {
  const { arch, config } = memory.build;
  const { pointerSize, flat } = arch;
  const strings = transferArguments(memory, block, alignDown(block.end + 3, 4) - 4, bprm);
  const pointers = argumentPointers(strings, bprm);
  const onStack = config.BINFMT_FLAT_ARGVP_ENVP_ON_STACK ? 2 : 0;
  const count = 1 + onStack + pointers.length;
  const sp = alignDown(strings - count * pointerSize, flat.stackAlign);
  const argvAt = sp + 3 * pointerSize;
  const vectors = [argvAt, argvAt + (bprm.argv.length + 1) * pointerSize].slice(0, onStack);
  const words = [bprm.argv.length, ...vectors, ...pointers];
  push(memory, block, bprm, { at: sp, bytes: encodeWords(arch, words), by: FLAT_TABLES });
  return sp;
}

/** Compare fs/exec.c:transfer_args_to_stack(). @returns where the strings start. */
function transferArguments(
  memory: NommuMemory,
  stack: StackArea,
  top: Address,
  bprm: Binprm,
): Address {
  const strings = argumentStrings(bprm.filename, bprm);
  const bytes = new Uint8Array(strings.length + memory.build.arch.pointerSize);
  bytes.set(strings);
  const at = top - bytes.length;
  push(memory, stack, bprm, { at, bytes, by: TRANSFER });
  return at;
}

/** Stores bytes as copy_to_user() does without an MMU: wherever it is. */
function push(
  memory: NommuMemory,
  { start, end }: StackArea,
  { interp }: Binprm,
  { at, bytes, by }: { readonly at: Address; readonly bytes: Uint8Array; readonly by: string },
): void {
  if (at < start) {
    throw overwritten({
      kernelFunction: by,
      effect:
        'the arguments are longer than the stack, and go over what precedes it in RAM, whoever owns it',
      first: { operation: `exec ${nameToText(interp)}, with its stack`, start, end },
      second: { operation: 'its arguments are stored', start: at, end },
    });
  }
  memory.write(at, bytes, by);
}
