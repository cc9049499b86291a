import { isSyscallError, SyscallError } from '../errno.js';
import { PG_DIRTY } from '../phys/frame-table.js';
import type { Frame, Pgoff } from '../units.js';
import type { AddressSpace } from './address-space.js';
import type { OpenFile } from './file.js';
import {
  VM_FAULT_NOPAGE,
  VM_FAULT_OK,
  VM_FAULT_RETRY,
  VM_FAULT_SIGBUS,
  isSharedMaywrite,
  type VmArea,
  type VmFault,
  type VmOperations,
} from './vm-area.js';

/**
 * Finds or reads the page of a fault. Reading it drops the mmap_lock, so the fault starts again.
 * Compare mm/filemap.c:filemap_fault(); read-ahead is off, as on an MTD device.
 */
export function filemapFault(fault: VmFault): number {
  const mapping = fault.vma.file!.mapping!;
  if (fault.pgoff >= mapping.filePages) return VM_FAULT_SIGBUS;
  const frame = mapping.find(fault.pgoff);
  if (frame >= 0) {
    fault.frame = frame;
    return VM_FAULT_OK;
  }
  fault.vma.mm.countMajorFault();
  try {
    mapping.read(fault.pgoff);
    // Reading the page may show that the file ends before it.
    if (fault.pgoff >= mapping.filePages) return VM_FAULT_SIGBUS;
  } catch (error) {
    if (isSyscallError(error)) return VM_FAULT_SIGBUS;
    throw error;
  }
  return VM_FAULT_RETRY;
}

/**
 * Maps what is in the page cache around a fault. Compare mm/filemap.c:filemap_map_pages().
 *
 * QUIRK: The check for a huge page also installs a missing page table, and skips the last page of a
 * file. If that page is the first one in the cache, nothing is mapped.
 */
export function filemapMapPages(fault: VmFault, from: Pgoff, to: Pgoff): number {
  const { vma, vpn } = fault;
  const mapping = vma.file!.mapping!;
  const last = mapping.filePages - 1;
  if (to >= last && from <= last && !vma.mm.hasPageTable(vpn)) {
    let first = from;
    while (first < last && mapping.find(first) < 0) first += 1;
    if (first === last) return VM_FAULT_OK;
  }
  return mapCachedPages(fault, from, to);
}

/** {@link filemapMapPages} of shared memory, whose last page may be a huge one. */
export function mapCachedPages(fault: VmFault, from: Pgoff, to: Pgoff): number {
  const { vma } = fault;
  const mapping = vma.file!.mapping!;
  const last = Math.min(to, mapping.filePages - 1);
  let result = VM_FAULT_OK;
  for (let index = from; index <= last; index += 1) {
    const frame = mapping.find(index);
    if (frame < 0) continue;
    if (index === fault.pgoff) result = VM_FAULT_NOPAGE;
    vma.mm.mapAround(vma, vma.start + (index - vma.pgoff), frame);
  }
  return result;
}

/**
 * A first store to a clean page of a shared area: the page becomes this file's own and gets a place
 * to be written to. Compare mm/filemap.c:filemap_page_mkwrite(), iomap_page_mkwrite().
 */
export function filemapPageMkwrite({ vma, pgoff, frame }: VmFault): number {
  const mapping = vma.file!.mapping!;
  if (pgoff >= mapping.filePages) return VM_FAULT_SIGBUS;
  try {
    return mapping.own(pgoff) === frame ? VM_FAULT_OK : VM_FAULT_NOPAGE;
  } catch (error) {
    if (isSyscallError(error)) return VM_FAULT_SIGBUS;
    throw error;
  }
}

/** mm/filemap.c:generic_file_vm_ops. */
export const genericFileVmOps: VmOperations = {
  fault: filemapFault,
  mapPages: filemapMapPages,
  pageMkwrite: filemapPageMkwrite,
};

/** Compare mm/filemap.c:generic_file_readonly_mmap(). @throws SyscallError EINVAL. */
export function genericFileReadonlyMmap(_file: OpenFile, vma: VmArea): void {
  if (isSharedMaywrite(vma.flags)) throw new SyscallError('EINVAL');
  vma.ops = genericFileVmOps;
}

/** read(2) through the page cache. Compare mm/filemap.c:filemap_read(). */
export function filemapRead(file: OpenFile, position: number, into: Uint8Array): number {
  const mapping = file.mapping!;
  const { phys, host } = mapping;
  const { size: pageSize } = mapping.geometry;
  const wanted = position + into.length;
  let at = position;
  while (at < wanted && at < host.size) {
    const offset = at % pageSize;
    const frame = readOrStop(mapping, Math.floor(at / pageSize), at - position);
    // Reading the page may show that the file ends before it.
    const length = Math.min(pageSize - offset, wanted - at, host.size - at);
    if (frame < 0 || length <= 0) break;
    into.set(phys.borrow(frame).subarray(offset, offset + length), at - position);
    at += length;
  }
  return at - position;
}

/** A page; -1 if it cannot be read and `done` bytes before it were read: the read ends there. */
export function readOrStop(mapping: AddressSpace, index: Pgoff, done: number): Frame {
  try {
    return mapping.read(index);
  } catch (error) {
    if (done > 0 && error instanceof SyscallError) return -1;
    throw error;
  }
}

/**
 * write(2) through the page cache: pages are read first, and dirty afterwards. Compare
 * mm/filemap.c:generic_perform_write().
 *
 * @param extend called after each page with how far the write has come.
 * @returns bytes written: fewer if an error came in between.
 */
export function genericPerformWrite(
  mapping: AddressSpace,
  position: number,
  from: Uint8Array,
  extend: (size: number) => void,
): number {
  const { phys } = mapping;
  const { size: pageSize } = mapping.geometry;
  for (let done = 0; done < from.length;) {
    const at = position + done;
    const offset = at % pageSize;
    const length = Math.min(pageSize - offset, from.length - done);
    const frame = ownOrStop(mapping, Math.floor(at / pageSize), done);
    if (frame < 0) return done;
    phys.borrowWritable(frame).set(from.subarray(done, done + length), offset);
    phys.frames.setFlag(frame, PG_DIRTY);
    done += length;
    extend(at + length);
  }
  return from.length;
}

function ownOrStop(mapping: AddressSpace, index: Pgoff, done: number): Frame {
  try {
    return mapping.own(index);
  } catch (error) {
    if (done > 0 && error instanceof SyscallError) return -1;
    throw error;
  }
}

/**
 * Reads `pages` pages from `index` on into the page cache, as far as the device's limits and the
 * file go. Compare mm/readahead.c:force_page_cache_ra().
 */
export function forcePageCacheReadahead(mapping: AddressSpace, index: Pgoff, pages: number): void {
  const { raPages, ioPages } = mapping.host.sb.bdi;
  const limit = Math.min(pages, Math.max(raPages, ioPages));
  const end = Math.min(index + limit, mapping.filePages);
  for (let at = index; at < end; at += 1) {
    try {
      mapping.read(at);
    } catch (error) {
      // The error is reported when the page is needed.
      if (!isSyscallError(error)) throw error;
    }
  }
}
