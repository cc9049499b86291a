import {
  PT_INTERP,
  decodeProgramHeaders,
  elfFileOf,
  elfHeaderSize,
  programHeaderSize,
  type ElfFile,
  type ProgramHeader,
} from 'cramfs-elf';
import { bytesToName } from 'cramfs-format';
import type { Architecture } from '../arch/architecture.js';
import { SyscallError, isSyscallError } from '../errno.js';
import type { OpenFile } from '../vfs/file.js';
import { checkElf, checkMachine, elfCheckFdpic, type CheckedElf } from './elf-arch.js';
import { readFully } from './open-exec.js';

const PATH_MAX = 4096;

/** Headers that a loader has accepted. */
export interface ElfHeaders extends CheckedElf {
  readonly phdrs: readonly ProgramHeader[];
}

/**
 * The headers of a program.
 *
 * @param head the file's first bytes, padded with zeros.
 * @returns undefined if the loader does not take it: ENOEXEC. Compare the start of
 * fs/binfmt_elf.c:load_elf_binary().
 */
export function loadElfHeaders(
  file: OpenFile,
  head: Uint8Array,
  arch: Architecture,
): ElfHeaders | undefined {
  const checked = checkElf(head, arch);
  if (checked === undefined || file.fops.mmap === undefined) return undefined;
  const phdrs = loadElfPhdrs(file, checked);
  return phdrs === undefined ? undefined : { ...checked, phdrs };
}

/**
 * The headers of a program's interpreter, whose type is checked when it is mapped.
 *
 * @throws SyscallError EIO if it is shorter than a header; ELIBBAD.
 */
export function loadInterpreterHeaders(file: OpenFile, arch: Architecture): ElfHeaders {
  const head = readFully(file, 0, elfHeaderSize(arch.elf.elfClass));
  const checked = elfCheckFdpic(head, arch) ? undefined : checkMachine(head, arch);
  const phdrs = checked && loadElfPhdrs(file, checked);
  if (phdrs === undefined) throw new SyscallError('ELIBBAD', 'the interpreter is not ELF');
  return { ...checked!, phdrs };
}

/** Compare fs/binfmt_elf.c:load_elf_phdrs(). */
function loadElfPhdrs(file: OpenFile, { header, layout }: CheckedElf): ProgramHeader[] | undefined {
  const { phentsize, phnum, phoff } = header;
  if (phentsize !== programHeaderSize(layout.elfClass)) return undefined;
  const size = phentsize * phnum;
  if (size === 0 || size > 65536 || size > file.inode.sb.geometry.size) return undefined;
  try {
    return decodeProgramHeaders(readFully(file, Number(phoff), size), layout);
  } catch (error) {
    if (isSyscallError(error)) return undefined;
    throw error;
  }
}

/**
 * The name in the first PT_INTERP of a program.
 *
 * @throws SyscallError ENOEXEC for a length that no name has and for a missing end; EIO, EINVAL.
 */
export function interpreterName(
  file: OpenFile,
  phdrs: readonly ProgramHeader[],
): string | undefined {
  const phdr = phdrs.find(({ type }) => type === PT_INTERP);
  if (phdr === undefined) return undefined;
  const { filesz, offset } = phdr;
  if (filesz > PATH_MAX || filesz < 2) throw new SyscallError('ENOEXEC', 'bad size of PT_INTERP');
  const name = readFully(file, Number(offset), Number(filesz));
  if (name.at(-1) !== 0) throw new SyscallError('ENOEXEC', 'PT_INTERP is not terminated');
  return bytesToName(name.subarray(0, name.indexOf(0)));
}

/** The headers as tools, and the loader in user space, see them. */
export function elfFile({ layout, header, phdrs }: ElfHeaders): ElfFile {
  return elfFileOf(header, phdrs, layout);
}
