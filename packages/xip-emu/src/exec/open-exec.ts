import { parseElf, type ElfFile } from 'cramfs-elf';
import { nameToText } from 'cramfs-format';
import { SyscallError, isSyscallError } from '../errno.js';
import type { Process } from '../process.js';
import { OpenFile } from '../vfs/file.js';
import { pathLookup } from '../vfs/namei.js';
import { verifyArea } from '../vfs/verify-area.js';
import { allowWriteAccess, denyWriteAccess } from '../vfs/write-access.js';

/** BINPRM_BUF_SIZE: what a loader sees of a file at first. */
export const BINPRM_BUF_SIZE = 256;

/**
 * Opens a program or interpreter; nobody can write to it until {@link closeExec}. Compare
 * fs/exec.c:do_open_execat(), fs/namei.c:may_open().
 *
 * @param path a byte string. The empty one, which only files can ask for, is the working directory:
 * EACCES, as for all directories.
 * @throws SyscallError EACCES if it is not a regular file, has no execute permission, or is on a
 * noexec mount; ETXTBSY while it is open for writing; those of a lookup.
 */
export function openExec(process: Process, path: string): OpenFile {
  try {
    if (path === '') throw new SyscallError('EACCES', 'an interpreter without a name');
    const found = pathLookup(process.fs, path);
    const { inode, mount } = found;
    if (mount.noexec) throw new SyscallError('EACCES', `${nameToText(path)} is on a noexec mount`);
    if (!inode.isRegular || (inode.mode & 0o111) === 0) throw new SyscallError('EACCES');
    const file = OpenFile.open(found);
    try {
      denyWriteAccess(file.inode);
    } catch (error) {
      file.put();
      throw error;
    }
    return file;
  } catch (error) {
    // The errno alone does not say whether it is about the program or its interpreter.
    if (!isSyscallError(error) || error.reason !== undefined) throw error;
    throw new SyscallError(error.code, nameToText(path));
  }
}

/** Compare fs/exec.c:do_close_execat(). */
export function closeExec(file: OpenFile): void {
  allowWriteAccess(file.inode);
  file.put();
}

/**
 * `length` bytes of a file at `position`; fewer where it ends. Compare fs/read_write.c:kernel_read().
 *
 * @throws SyscallError EIO and the like; EINVAL if it cannot be read, and for positions that no
 * file can have.
 */
export function readProgram(file: OpenFile, position: number, length: number): Uint8Array {
  if (file.fops.readIter === undefined) throw new SyscallError('EINVAL');
  verifyArea(position, length);
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, file.fops.readIter(file, position, bytes));
}

/**
 * Exactly `length` bytes.
 *
 * @throws SyscallError EIO if the file ends before. Compare fs/binfmt_elf.c:elf_read().
 */
export function readFully(file: OpenFile, position: number, length: number): Uint8Array {
  const bytes = readProgram(file, position, length);
  if (bytes.length < length) throw new SyscallError('EIO', 'the file ends before');
  return bytes;
}

/** The first bytes of a file, padded with zeros. Compare fs/exec.c:prepare_binprm(). */
export function readHead(file: OpenFile): Uint8Array {
  const head = new Uint8Array(BINPRM_BUF_SIZE);
  head.set(readProgram(file, 0, BINPRM_BUF_SIZE));
  return head;
}

/**
 * The headers of an ELF file as tools see them; program headers after `head`, the file's first
 * bytes, are read on their own.
 *
 * @returns undefined if it is not an ELF file, or is damaged.
 */
export function readElfHeaders(file: OpenFile, head: Uint8Array): ElfFile | undefined {
  return parseElf(head, (start, end) => readProgram(file, start, end - start));
}
