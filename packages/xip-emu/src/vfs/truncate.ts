import { SyscallError } from '../errno.js';
import type { AddressSpace } from './address-space.js';
import type { Inode } from './inode.js';
import { unmapMappingRange } from './rmap.js';

/** s_maxbytes; also the largest integer that a JavaScript number holds exactly. */
const MAX_SIZE = Number.MAX_SAFE_INTEGER;

/**
 * truncate(2) and ftruncate(2), with write access obtained. Compare fs/open.c:do_truncate().
 *
 * @throws SyscallError EINVAL, EFBIG, or what the file system throws.
 */
export function doTruncate(inode: Inode, size: number): void {
  if (!Number.isInteger(size) || size < 0) throw new SyscallError('EINVAL');
  if (size > MAX_SIZE) throw new SyscallError('EFBIG');
  if (inode.setSize === undefined) throw new SyscallError('EPERM');
  inode.setSize(size);
}

/**
 * Pages after a new, smaller end of a file go, wherever they are mapped (copies of private
 * mappings, too), and the rest of the last page is zeroed. Call it when `host.size` has changed.
 * Compare mm/truncate.c:truncate_pagecache().
 *
 * @param size the new size in bytes.
 */
export function truncatePagecache(mapping: AddressSpace, size: number): void {
  const first = mapping.geometry.pagesOf(size);
  unmapMappingRange(mapping, first, Infinity, true);
  for (const index of [...mapping.indexes()]) if (index >= first) mapping.remove(index);
  zeroRestOfPage(mapping, size);
}

/**
 * Zeroes what follows the end of a file in the cached page of its last byte. Stores through
 * maps may have left something there, which must not become part of the file when it grows. Compare
 * mm/truncate.c:pagecache_isize_extended().
 *
 * @param size of the file, in bytes.
 */
export function zeroRestOfPage(mapping: AddressSpace, size: number): void {
  const { geometry } = mapping;
  const partial = size % geometry.size;
  const last = partial === 0 ? -1 : mapping.find(geometry.pageOf(size));
  if (last >= 0) mapping.phys.borrowWritable(last).fill(0, partial);
}
