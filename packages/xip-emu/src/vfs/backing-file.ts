import { SyscallError } from '../errno.js';
import { OpenFile } from './file.js';
import type { Inode } from './inode.js';
import type { VmArea } from './vm-area.js';

/**
 * Opens `real` on behalf of `user`: a file of the real inode, with its operations and pages, that
 * shows the user's path. Compare fs/backing-file.c:backing_file_open().
 *
 * @returns a file that the caller has to put.
 */
export function openBackingFile(user: OpenFile, real: Inode): OpenFile {
  const { path, readable, writable } = user;
  const file = new OpenFile(real, path, { readable, writable, user });
  file.fops.open?.(file);
  return file;
}

/**
 * Maps the backing file in place of the user's: the area belongs to it, with its operations and
 * page cache, and whatever direct mapping it can do. Compare fs/backing-file.c:backing_file_mmap().
 *
 * @throws SyscallError ENODEV, or what the backing file's mmap throws.
 */
export function backingFileMmap(backing: OpenFile, vma: VmArea): void {
  const { fops } = backing;
  if (fops.mmap === undefined) throw new SyscallError('ENODEV', 'the backing file has no mmap');
  vma.file?.put();
  vma.file = backing.get();
  fops.mmap(backing, vma);
}
