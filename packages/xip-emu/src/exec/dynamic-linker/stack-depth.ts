import { EM_386, EM_AARCH64, EM_ARM, EM_MIPS, EM_PPC64, EM_RISCV, EM_X86_64 } from 'cramfs-elf';
import { MmuMemory } from '../../mm/mmu-memory.js';
import type { Process } from '../../process.js';
import type { LoadedObject } from '../loaded-object.js';

/**
 * How far below the first stack pointer the calls of a dynamic loader go, in bytes.
 *
 * @param machine e_machine.
 * @param libraries how many libraries it has loaded, and whether LD_PRELOAD names some.
 */
export type StackDepth = (
  machine: number,
  wordBytes: 4 | 8,
  libraries: { readonly count: number; readonly preloads: boolean },
) => number;

/*
 * Depends on the loader's compiler; measured with glibc 2.36 and musl 1.2.3 of Debian 12, musl 1.2.5 of
 * Debian 13.
 */

const GLIBC_ALONE = { 4: 2248, 8: 2544 } as const;
/** The depth for machines not in the table, by the size of a word. */
const GLIBC_USUAL = { 4: 3864, 8: 5576 } as const;
const GLIBC_LOADING: Readonly<Record<4 | 8, Readonly<Record<number, number>>>> = {
  4: { [EM_386]: 3840, [EM_MIPS]: 4800, [EM_ARM]: 3864 },
  8: {
    [EM_MIPS]: 6848,
    [EM_PPC64]: 7232,
    [EM_X86_64]: 5576,
    [EM_AARCH64]: 4880,
    [EM_RISCV]: 4960,
  },
};
/** struct list, aligned: elf/dl-deps.c:_dl_map_object_deps() has one on the stack for each library. */
const GLIBC_LIST = { 4: 16, 8: 32 } as const;

/** elf/rtld.c:handle_preload_list() has a buffer of 4096 bytes, and loads from a shallower place. */
const GLIBC_PRELOAD = { 4: 3024, 8: 2736 } as const;

export const glibcStackDepth: StackDepth = (machine, wordBytes, { count, preloads }) => {
  if (count === 0) return GLIBC_ALONE[wordBytes];
  const loading = GLIBC_LOADING[wordBytes][machine] ?? GLIBC_USUAL[wordBytes];
  return loading + count * GLIBC_LIST[wordBytes] + (preloads ? GLIBC_PRELOAD[wordBytes] : 0);
};

const MUSL_ALONE = { 4: 1456, 8: 2080 } as const;
const MUSL_LOADING = { 4: 2792, 8: 3232 } as const;

export const muslStackDepth: StackDepth = (_machine, wordBytes, { count }) =>
  count === 0 ? MUSL_ALONE[wordBytes] : MUSL_LOADING[wordBytes];

/**
 * Writes to the pages of the stack that the loader's calls have used. Without an MMU the whole stack
 * is there from the start.
 *
 * @throws AccessFault.
 */
export function useStack(
  process: Process,
  depth: StackDepth,
  { elf }: LoadedObject,
  libraries: Parameters<StackDepth>[2],
): void {
  if (!(process.mm instanceof MmuMemory) || elf === undefined) return;
  const { startStack, geometry } = process.mm.mm;
  const wordBytes = elf.elfClass === 32 ? 4 : 8;
  const lowest = geometry.pageOf(startStack - depth(elf.machine, wordBytes, libraries));
  // The page of the stack pointer has the tables already.
  for (let page = geometry.pageOf(startStack) - 1; page >= lowest; page -= 1) {
    process.store(page * geometry.size, 0);
  }
}
