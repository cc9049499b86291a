import { parseElf, type ElfFile } from 'cramfs-elf';
import { nameToText } from 'cramfs-format';
import { SyscallError, isSyscallError } from '../errno.js';
import type { Process } from '../process.js';
import type { OpenFile } from '../vfs/file.js';

/** BINPRM_BUF_SIZE: what a loader sees of a file at first. */
export const BINPRM_BUF_SIZE = 256;

/**
 * Opens a program. The caller owns the reference. Compare fs/exec.c:do_open_execat().
 *
 * @param path absolute, a byte string.
 * @throws SyscallError EACCES for what is no regular file, or has no execute permission; ETXTBSY.
 */
export function openExec(process: Process, path: string): OpenFile {
  let file: OpenFile | undefined;
  try {
    file = process.open(path);
    const { inode } = file;
    if (!inode.isRegular || (inode.mode & 0o111) === 0) throw new SyscallError('EACCES');
    if (inode.writers > 0) throw new SyscallError('ETXTBSY');
    return file;
  } catch (error) {
    if (file !== undefined) process.close(file);
    // The errno alone does not tell whether the program or its interpreter is meant.
    if (!isSyscallError(error) || error.reason !== undefined) throw error;
    throw new SyscallError(error.code, nameToText(path));
  }
}

/**
 * `length` bytes of a file at `position`; fewer where it ends. Compare fs/exec.c:kernel_read().
 *
 * @throws SyscallError EIO and the like; EINVAL for what cannot be read.
 */
export function readProgram(file: OpenFile, position: number, length: number): Uint8Array {
  if (file.fops.readIter === undefined) throw new SyscallError('EINVAL');
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, file.fops.readIter(file, position, bytes));
}

/**
 * The headers of an ELF file; program headers behind `head`, the file's first bytes, are read on
 * their own. Compare fs/binfmt_elf.c:load_elf_phdrs().
 *
 * @returns undefined for what is no ELF file, or damaged.
 */
export function readElfHeaders(file: OpenFile, head: Uint8Array): ElfFile | undefined {
  return parseElf(head, (start, end) => readProgram(file, start, end - start));
}
