import { SyscallError } from '../errno.js';
import type { AddressSpace } from './address-space.js';
import { OpenFile } from './file.js';
import type { Inode } from './inode.js';
import type { ResolvedPath } from './namei.js';
import type { Pipe } from './pipe.js';
import type { VmArea } from './vm-area.js';

/*
 * For stacked file systems: I/O on a user's file, done by a file of another file system. Compare
 * fs/backing-file.c.
 */

/**
 * Called after a write, even one that failed: the user's inode may have to change. Compare
 * include/linux/backing-file.h:backing_file_ctx.end_write.
 *
 * @param end of the range that was written, exclusive.
 * @param written bytes.
 */
export type EndWrite = (end: number, written: number) => void;

/**
 * Opens `real` on behalf of `user`: a file of the real inode, with its operations and pages, that
 * shows the user's path. If it is open for writing, it counts as a writer of both mounts. Compare
 * fs/backing-file.c:backing_file_open().
 *
 * @returns a file that the caller has to put.
 * @throws SyscallError EROFS, ETXTBSY, or what the real file system throws.
 */
export function openBackingFile(user: OpenFile, real: ResolvedPath): OpenFile {
  const { readable, writable } = user;
  return OpenFile.open(real, { readable, writable, user });
}

/** Compare fs/backing-file.c:backing_file_read_iter(). */
export function backingFileRead(backing: OpenFile, position: number, into: Uint8Array): number {
  const { fops } = backing;
  if (into.length === 0) return 0;
  if (fops.readIter === undefined) throw new SyscallError('EINVAL');
  return fops.readIter(backing, position, into);
}

/** Compare fs/backing-file.c:backing_file_write_iter(). */
export function backingFileWrite(
  backing: OpenFile,
  position: number,
  from: Uint8Array,
  endWrite?: EndWrite,
): number {
  if (from.length === 0) return 0;
  return andEndWrite(position, endWrite, () => {
    const { fops } = backing;
    if (fops.writeIter === undefined) throw new SyscallError('EINVAL');
    return fops.writeIter(backing, position, from);
  });
}

/** Compare fs/backing-file.c:backing_file_splice_read(). */
export function backingFileSpliceRead(
  backing: OpenFile,
  position: number,
  pipe: Pipe,
  length: number,
): number {
  const { fops } = backing;
  if (fops.spliceRead === undefined) throw new SyscallError('EINVAL', 'no splice_read');
  return fops.spliceRead(backing, position, pipe, length);
}

/** Compare fs/backing-file.c:backing_file_splice_write(). */
export function backingFileSpliceWrite(
  pipe: Pipe,
  backing: OpenFile,
  position: number,
  length: number,
  endWrite?: EndWrite,
): number {
  return andEndWrite(position, endWrite, () => {
    const { fops } = backing;
    if (fops.spliceWrite === undefined) throw new SyscallError('EINVAL', 'no splice_write');
    return fops.spliceWrite(pipe, backing, position, length);
  });
}

function andEndWrite(
  position: number,
  endWrite: EndWrite | undefined,
  write: () => number,
): number {
  let written = 0;
  try {
    written = write();
    return written;
  } finally {
    endWrite?.(position + written, written);
  }
}

/**
 * True if areas of the file may have to move to another file: an area whose pages are not mapped by
 * faults must keep its file offset.
 */
export function areasMayMove({ user }: OpenFile): boolean {
  return user?.inode.sb.stacking.followsCopyUp === 'maps';
}

/**
 * Gives the areas that map `mapping` on behalf of files of `owner` to another real file: their
 * pages are unmapped, except private copies, and the next faults find the pages of `real`.
 */
export function moveAreas(mapping: AddressSpace, owner: Inode, real: ResolvedPath): void {
  // Areas of one file keep one backing file, so that they can merge.
  const backings = new Map<OpenFile, OpenFile>();
  for (const vma of [...(mapping.iMmap ?? [])]) {
    const user = userOf(vma.file, owner);
    if (user === undefined) continue;
    let backing = backings.get(user);
    if (backing === undefined) {
      backing = openBackingFile(user, real);
      backings.set(user, backing);
    }
    mapping.iMmap!.delete(vma);
    vma.mm.zap(vma.start, vma.end, false);
    backingFileMmap(backing, vma);
    if (vma.file?.mapping === undefined) continue;
    vma.file.mapping.iMmap?.add(vma);
    for (let above = user.user; above !== undefined; above = above.user) {
      above.inode.mappedThrough?.(vma.file.mapping);
    }
  }
  for (const backing of backings.values()) backing.put();
}

/** The file of `owner` that a backing file is open for, through any files between them. */
function userOf(file: OpenFile | undefined, owner: Inode): OpenFile | undefined {
  let user = file?.user;
  while (user !== undefined && user.inode !== owner) user = user.user;
  return user;
}

/**
 * Maps the backing file in place of the user's: the area belongs to it and uses its operations,
 * page cache and direct mapping. The backing file stays open as long as the area exists. Compare
 * fs/backing-file.c:backing_file_mmap().
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
