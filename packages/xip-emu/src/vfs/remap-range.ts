import { SyscallError, isSyscallError } from '../errno.js';
import { REMAP_FILE_CAN_SHORTEN, REMAP_FILE_DEDUP, type OpenFile } from './file.js';
import type { Inode } from './inode.js';
import { checkLoff } from './read-write.js';
import { writebackRange } from './writeback.js';

/** struct file_clone_range: bytes; a length of 0 means up to the end of the source. */
export interface CloneRange {
  readonly sourceOffset?: number | undefined;
  readonly length?: number | undefined;
  readonly targetOffset?: number | undefined;
}

/**
 * FICLONERANGE: makes a range of `target` share the blocks of a range of `source`. Compare
 * fs/ioctl.c:ioctl_file_clone(), fs/remap_range.c:vfs_clone_file_range().
 *
 * @throws SyscallError EXDEV, EISDIR, EINVAL, EBADF, EOPNOTSUPP, or what the file system throws.
 */
export function cloneFileRange(source: OpenFile, target: OpenFile, range: CloneRange): void {
  const { sourceOffset = 0, length = 0, targetOffset = 0 } = range;
  if (source.inode.sb !== target.inode.sb) throw new SyscallError('EXDEV');
  if (source.inode.isDirectory || target.inode.isDirectory) throw new SyscallError('EISDIR');
  if (!source.inode.isRegular || !target.inode.isRegular) throw new SyscallError('EINVAL');
  if (!source.readable || !target.writable || target.append) throw new SyscallError('EBADF');
  if (source.fops.remapFileRange === undefined) {
    throw new SyscallError('EOPNOTSUPP', 'the file system shares no blocks');
  }
  verifyRemapArea(sourceOffset, length);
  verifyRemapArea(targetOffset, length);
  source.fops.remapFileRange(source, sourceOffset, target, targetOffset, length, 0);
}

/** Compare fs/remap_range.c:remap_verify_area(). @throws SyscallError EINVAL. */
function verifyRemapArea(position: number, length: number): void {
  checkLoff(position);
  checkLoff(length);
  checkLoff(position + length);
}

/**
 * What a file system does before it remaps: checks the range, writes both files back, so that only
 * blocks matter, and compares them if it is to dedupe. Blocks are page-sized here. Compare
 * fs/remap_range.c:generic_remap_file_range_prep().
 *
 * @returns how many bytes to remap: up to the end of the source where 0 was asked for; perhaps less
 * than wanted with REMAP_FILE_CAN_SHORTEN.
 * @throws SyscallError EINVAL for ranges that are not whole blocks, or overlap; EBADE.
 */
export function remapFileRangePrep(
  source: OpenFile,
  sourceOffset: number,
  target: OpenFile,
  targetOffset: number,
  wanted: number,
  flags: number,
): number {
  const from = source.inode;
  const to = target.inode;
  if (wanted === 0) {
    if ((flags & REMAP_FILE_DEDUP) !== 0 || sourceOffset === from.size) return 0;
    if (sourceOffset > from.size) throw new SyscallError('EINVAL', 'beyond the end of the source');
  }
  const length = wanted === 0 ? from.size - sourceOffset : wanted;
  const whole = checkRange(from, sourceOffset, to, targetOffset, length, flags);
  if (whole === 0) return 0;
  for (const { mapping } of [from, to]) if (mapping !== undefined) writebackRange(mapping);
  if (
    (flags & REMAP_FILE_DEDUP) !== 0 &&
    !isSameRange(source, sourceOffset, target, targetOffset, whole)
  ) {
    throw new SyscallError('EBADE', 'the ranges differ');
  }
  return checkLength(to, targetOffset, whole, flags);
}

/** Compare fs/remap_range.c:generic_remap_checks(). @returns bytes, perhaps less than `wanted`. */
function checkRange(
  from: Inode,
  sourceOffset: number,
  to: Inode,
  targetOffset: number,
  wanted: number,
  flags: number,
): number {
  const { geometry } = from.sb;
  if (sourceOffset % geometry.size !== 0 || targetOffset % geometry.size !== 0) {
    throw new SyscallError('EINVAL', 'an offset is not block aligned');
  }
  const dedupes = (flags & REMAP_FILE_DEDUP) !== 0;
  if (dedupes && (targetOffset >= to.size || targetOffset + wanted > to.size)) {
    throw new SyscallError('EINVAL', 'beyond the end of the target');
  }
  if (sourceOffset >= from.size || (dedupes && sourceOffset + wanted > from.size)) {
    throw new SyscallError('EINVAL', 'beyond the end of the source');
  }
  let length = Math.min(wanted, from.size - sourceOffset);
  const atEnd =
    sourceOffset + length === from.size && (!dedupes || targetOffset + length === to.size);
  if (!atEnd) length -= length % geometry.size;
  const span = atEnd ? geometry.align(from.size) - sourceOffset : length;
  if (from === to && targetOffset + span > sourceOffset && targetOffset < sourceOffset + span) {
    throw new SyscallError('EINVAL', 'the ranges overlap');
  }
  if (length !== wanted && (flags & REMAP_FILE_CAN_SHORTEN) === 0) {
    throw new SyscallError('EINVAL', 'the length is not whole blocks within the source');
  }
  return length;
}

/**
 * A partial last block can only become a last block. Compare
 * fs/remap_range.c:generic_remap_check_len().
 */
function checkLength(to: Inode, targetOffset: number, length: number, flags: number): number {
  const partial = length % to.sb.geometry.size;
  if (partial === 0 || targetOffset + length >= to.size) return length;
  if ((flags & REMAP_FILE_CAN_SHORTEN) !== 0) return length - partial;
  const code = (flags & REMAP_FILE_DEDUP) === 0 ? 'EINVAL' : 'EBADE';
  throw new SyscallError(code, 'a partial block inside the target');
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
  /** Bytes asked for, up to 1 GiB, even if a partial block at the end was left out. */
  readonly bytesDeduped: number;
}

/** What one request dedupes at most. */
const DEDUPE_LIMIT = 2 ** 30;

/**
 * FIDEDUPERANGE: makes a range of `target`, which need not be open for writing, share the blocks of
 * a range of `source` if the bytes are the same. Compare fs/remap_range.c:vfs_dedupe_file_range().
 *
 * @throws SyscallError EXDEV, EISDIR, EINVAL, EOPNOTSUPP, EPERM, EROFS, or what reading throws. In
 * Linux, errors of `target` are its `status`.
 */
export function dedupeFileRange(
  source: OpenFile,
  target: OpenFile,
  { sourceOffset, length, targetOffset }: DedupeRange,
): DedupeResult {
  if (!source.readable) throw new SyscallError('EINVAL');
  if (source.inode.isDirectory) throw new SyscallError('EISDIR');
  if (!source.inode.isRegular) throw new SyscallError('EINVAL');
  if (source.fops.remapFileRange === undefined) throw new SyscallError('EOPNOTSUPP');
  verifyRemapArea(sourceOffset, length);
  if (sourceOffset + length > source.inode.size) throw new SyscallError('EINVAL');
  const limited = Math.min(length, DEDUPE_LIMIT);
  try {
    dedupeFileRangeOne(source, sourceOffset, target, targetOffset, limited);
  } catch (error) {
    if (isSyscallError(error, 'EBADE')) return { status: 'differs', bytesDeduped: 0 };
    throw error;
  }
  return { status: 'same', bytesDeduped: limited };
}

/**
 * Dedupes, or throws EBADE where the ranges differ. Compare
 * fs/remap_range.c:vfs_dedupe_file_range_one().
 *
 * @throws SyscallError
 */
export function dedupeFileRangeOne(
  source: OpenFile,
  sourceOffset: number,
  target: OpenFile,
  targetOffset: number,
  length: number,
): void {
  verifyRemapArea(sourceOffset, length);
  verifyRemapArea(targetOffset, length);
  const dedupe = (): void => {
    if (source.inode.sb !== target.inode.sb) throw new SyscallError('EXDEV');
    if (target.inode.isDirectory) throw new SyscallError('EISDIR');
    if (target.fops.remapFileRange === undefined) throw new SyscallError('EINVAL');
    if (length === 0) return;
    const flags = REMAP_FILE_DEDUP | REMAP_FILE_CAN_SHORTEN;
    target.fops.remapFileRange(source, sourceOffset, target, targetOffset, length, flags);
  };
  if (target.mount === undefined) dedupe();
  else target.mount.withWriteAccess(dedupe);
}

/** Compare fs/remap_range.c:vfs_dedupe_file_range_compare(). */
function isSameRange(
  source: OpenFile,
  sourceOffset: number,
  target: OpenFile,
  targetOffset: number,
  length: number,
): boolean {
  const { size: pageSize } = source.inode.sb.geometry;
  const [one, other] = [new Uint8Array(pageSize), new Uint8Array(pageSize)];
  for (let done = 0; done < length; done += pageSize) {
    const size = Math.min(pageSize, length - done);
    source.fops.readIter?.(source, sourceOffset + done, one.subarray(0, size));
    target.fops.readIter?.(target, targetOffset + done, other.subarray(0, size));
    for (let at = 0; at < size; at += 1) if (one[at] !== other[at]) return false;
  }
  return true;
}
