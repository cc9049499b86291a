import { SyscallError } from '../errno.js';
import type { OpenFile } from './file.js';
import type { Inode } from './inode.js';

/**
 * Denies everybody write access to a file: i_writecount goes below zero.
 *
 * @throws SyscallError ETXTBSY while somebody can write. Compare include/linux/fs.h:deny_write_access().
 */
export function denyWriteAccess(inode: Inode): void {
  if (inode.writers > 0) throw new SyscallError('ETXTBSY');
  inode.writers -= 1;
}

/** Takes one {@link denyWriteAccess} back. */
export function allowWriteAccess(inode: Inode): void {
  inode.writers += 1;
}

/** The part of struct mm_struct that knows its program. */
export interface HasExeFile {
  /** mm->exe_file: the program that runs; it cannot be written to. */
  exeFile: OpenFile | undefined;
}

/** Compare kernel/fork.c:set_mm_exe_file(). @param file undefined at the end of the memory. */
export function setExeFile(mm: HasExeFile, file: OpenFile | undefined): void {
  if (file !== undefined) denyWriteAccess(file.get().inode);
  const old = mm.exeFile;
  mm.exeFile = file;
  if (old === undefined) return;
  allowWriteAccess(old.inode);
  old.put();
}
