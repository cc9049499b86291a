import { OLD_FLAT_VERSION, elfHeaderSize, isElf, isFlat } from 'cramfs-elf';
import type { KernelBuild } from '../arch/kernel-build.js';
import { isSyscallError } from '../errno.js';
import { FDPIC_WITH_MMU, checkElf, elfCheckFdpic } from './elf-arch.js';
import { readFlatHeader } from './flat-header.js';

/** The part of a {@link KernelBuild} that loaders look at first. */
export type LoaderBuild = Pick<KernelBuild, 'arch' | 'mmu' | 'config'>;

/**
 * Tells from the first bytes of a program why a kernel does not map it: no loader takes the
 * program, or the one that does dies or copies it. What loaders find out later, from segments or an
 * interpreter, is up to {@link startProgram}. Compare fs/exec.c:search_binary_handler().
 *
 * @param head the file's first bytes.
 * @returns undefined if it depends on the program and the image.
 */
export function whyNotMapped(head: Uint8Array, build: LoaderBuild): string | undefined {
  if (isFlat(head)) return flatObstacle(head, build);
  return isElf(head) ? elfObstacle(head, build) : undefined;
}

function flatObstacle(head: Uint8Array, build: LoaderBuild): string | undefined {
  if (!build.config.BINFMT_FLAT) return 'no loader for bFLT (CONFIG_BINFMT_FLAT)';
  try {
    const { rev } = readFlatHeader(head, 0, build);
    const isCopied = rev === OLD_FLAT_VERSION && build.config.BINFMT_FLAT_OLD_ALWAYS_RAM;
    return isCopied ? 'bFLT version 2: copied (CONFIG_BINFMT_FLAT_OLD_ALWAYS_RAM)' : undefined;
  } catch (error) {
    if (isSyscallError(error)) return error.reason;
    throw error;
  }
}

function elfObstacle(head: Uint8Array, { arch, mmu, config }: LoaderBuild): string | undefined {
  const padded = new Uint8Array(elfHeaderSize(arch.elf.elfClass));
  padded.set(head.subarray(0, padded.length));
  if (checkElf(padded, arch) === undefined) return `not an ELF program for ${arch.name}`;
  if (mmu && !elfCheckFdpic(padded, arch)) return undefined;
  if (!config.BINFMT_ELF_FDPIC) {
    return `no loader for ${mmu ? 'FDPIC' : 'ELF'} (CONFIG_BINFMT_ELF_FDPIC)`;
  }
  return mmu && config.VDSO ? FDPIC_WITH_MMU : undefined;
}
