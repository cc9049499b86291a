import { SyscallError } from '../errno.js';
import { PAGE_SIZE } from '../units.js';
import type { OpenFile } from './file.js';
import { writebackRange } from './writeback.js';

/** struct file_clone_range: bytes; a length of 0 means up to the end of the source. */
export interface CloneRange {
  readonly sourceOffset?: number | undefined;
  readonly length?: number | undefined;
  readonly targetOffset?: number | undefined;
}

/**
 * FICLONERANGE; blocks of file systems that can share some are as large as pages here: makes a range of `target` share the blocks of a range of `source`. Compare
 * fs/ioctl.c:ioctl_file_clone(), fs/remap_range.c:vfs_clone_file_range().
 *
 * @throws SyscallError EXDEV, EISDIR, EINVAL, EBADF, EOPNOTSUPP, or what the file system throws.
 */
export function cloneFileRange(source: OpenFile, target: OpenFile, range: CloneRange): void {
  const { sourceOffset = 0, length = 0, targetOffset = 0 } = range;
  if (source.inode.sb !== target.inode.sb) throw new SyscallError('EXDEV');
  if (source.inode.isDirectory || target.inode.isDirectory) throw new SyscallError('EISDIR');
  if (!source.inode.isRegular || !target.inode.isRegular) throw new SyscallError('EINVAL');
  if (!source.readable || !target.writable) throw new SyscallError('EBADF');
  if (source.fops.remapFileRange === undefined) {
    throw new SyscallError('EOPNOTSUPP', 'the file system shares no blocks');
  }
  for (const value of [sourceOffset, length, targetOffset]) {
    if (!Number.isSafeInteger(value) || value < 0) throw new SyscallError('EINVAL');
  }
  source.fops.remapFileRange(source, sourceOffset, target, targetOffset, length);
}

/**
 * What a file system does before it remaps: checks the range, and writes both files back, so that
 * blocks are all that has to be looked at. Compare fs/remap_range.c:generic_remap_file_range_prep().
 *
 * @returns how many bytes to remap: up to the end of the source where 0 was asked for.
 * @throws SyscallError EINVAL for what is not made of whole blocks, or overlaps itself.
 */
export function remapFileRangePrep(
  source: OpenFile,
  sourceOffset: number,
  target: OpenFile,
  targetOffset: number,
  wanted: number,
): number {
  const from = source.inode;
  const to = target.inode;
  let length = wanted;
  if (length === 0) {
    if (from.size === 0 || sourceOffset === from.size) return 0;
    if (sourceOffset > from.size) throw new SyscallError('EINVAL', 'behind the end of the source');
    length = from.size - sourceOffset;
  }
  checkRange(from.size, sourceOffset, targetOffset, length);
  const end = sourceOffset + length;
  const covered = end === from.size ? Math.ceil(end / PAGE_SIZE) * PAGE_SIZE : end;
  const span = covered - sourceOffset;
  if (from === to && targetOffset + span > sourceOffset && targetOffset < sourceOffset + span) {
    throw new SyscallError('EINVAL', 'the ranges overlap');
  }
  for (const { mapping } of [from, to]) if (mapping !== undefined) writebackRange(mapping);
  // A last block that is not full can only become a last block. Compare generic_remap_check_len().
  if (length % PAGE_SIZE !== 0 && targetOffset + length < to.size) {
    throw new SyscallError('EINVAL', 'a partial block inside the target');
  }
  return length;
}

/** Compare fs/remap_range.c:generic_remap_checks(). */
function checkRange(
  size: number,
  sourceOffset: number,
  targetOffset: number,
  length: number,
): void {
  if (sourceOffset % PAGE_SIZE !== 0 || targetOffset % PAGE_SIZE !== 0) {
    throw new SyscallError('EINVAL', 'an offset is not block aligned');
  }
  const end = sourceOffset + length;
  if (end > size) throw new SyscallError('EINVAL', 'behind the end of the source');
  if (end !== size && length % PAGE_SIZE !== 0) {
    throw new SyscallError('EINVAL', 'the length is not whole blocks');
  }
}

/** struct file_dedupe_range: bytes; whole blocks, or up to the ends of both files. */
export interface DedupeRange {
  readonly sourceOffset: number;
  readonly length: number;
  readonly targetOffset: number;
}

export interface DedupeResult {
  /** FILE_DEDUPE_RANGE_SAME or FILE_DEDUPE_RANGE_DIFFERS. */
  readonly status: 'same' | 'differs';
  /** Bytes that are shared now. */
  readonly bytesDeduped: number;
}

/**
 * FIDEDUPERANGE: makes a range of `target` share the blocks of a range of `source` if the bytes are
 * the same. Compare fs/remap_range.c:vfs_dedupe_file_range_one().
 *
 * @throws SyscallError EXDEV, EISDIR, EINVAL, EBADF, EPERM, EOPNOTSUPP, or what reading throws.
 */
export function dedupeFileRange(
  source: OpenFile,
  target: OpenFile,
  { sourceOffset, length, targetOffset }: DedupeRange,
): DedupeResult {
  for (const value of [sourceOffset, length, targetOffset]) {
    if (!Number.isSafeInteger(value) || value < 0) throw new SyscallError('EINVAL');
  }
  if (!source.readable) throw new SyscallError('EINVAL');
  if (source.inode.isDirectory || target.inode.isDirectory) throw new SyscallError('EISDIR');
  if (!source.inode.isRegular || !target.inode.isRegular) throw new SyscallError('EINVAL');
  if (source.inode.sb !== target.inode.sb) throw new SyscallError('EXDEV');
  if (source.fops.remapFileRange === undefined) throw new SyscallError('EOPNOTSUPP');
  if (targetOffset + length > target.inode.size) throw new SyscallError('EINVAL');
  if (sourceOffset + length > source.inode.size) throw new SyscallError('EINVAL');
  if (length === 0) return { status: 'same', bytesDeduped: 0 };
  if (!isSameRange(source, sourceOffset, target, targetOffset, length)) {
    return { status: 'differs', bytesDeduped: 0 };
  }
  source.fops.remapFileRange(source, sourceOffset, target, targetOffset, length);
  return { status: 'same', bytesDeduped: length };
}

/** Compare fs/remap_range.c:vfs_dedupe_file_range_compare(). */
function isSameRange(
  source: OpenFile,
  sourceOffset: number,
  target: OpenFile,
  targetOffset: number,
  length: number,
): boolean {
  const [one, other] = [new Uint8Array(PAGE_SIZE), new Uint8Array(PAGE_SIZE)];
  for (let done = 0; done < length; done += PAGE_SIZE) {
    const size = Math.min(PAGE_SIZE, length - done);
    source.fops.readIter?.(source, sourceOffset + done, one.subarray(0, size));
    target.fops.readIter?.(target, targetOffset + done, other.subarray(0, size));
    for (let at = 0; at < size; at += 1) if (one[at] !== other[at]) return false;
  }
  return true;
}
