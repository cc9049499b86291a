import { isSyscallError, SyscallError } from '../errno.js';
import { PAGE_SIZE, pagesOf, type Frame, type Pgoff } from '../units.js';
import type { AddressSpace } from './address-space.js';
import type { OpenFile } from './file.js';
import {
  VM_FAULT_NOPAGE,
  VM_FAULT_OK,
  VM_FAULT_SIGBUS,
  type VmFault,
  type VmOperations,
} from './vm-area.js';

/**
 * Finds or reads the page of a fault. Compare mm/filemap.c:filemap_fault(); read-ahead is off, as
 * on an MTD device.
 */
export function filemapFault(fault: VmFault): number {
  const mapping = fault.vma.file!.mapping!;
  if (fault.pgoff >= pagesOf(mapping.host.size)) return VM_FAULT_SIGBUS;
  const frame = mapping.find(fault.pgoff);
  if (frame >= 0) {
    fault.frame = frame;
    return VM_FAULT_OK;
  }
  try {
    fault.frame = mapping.read(fault.pgoff);
  } catch (error) {
    if (isSyscallError(error)) return VM_FAULT_SIGBUS;
    throw error;
  }
  return VM_FAULT_OK;
}

/** Maps what is in the page cache around a fault. Compare mm/filemap.c:filemap_map_pages(). */
export function filemapMapPages(fault: VmFault, from: Pgoff, to: Pgoff): number {
  const { vma } = fault;
  const mapping = vma.file!.mapping!;
  const last = Math.min(to, pagesOf(mapping.host.size) - 1);
  let result = VM_FAULT_OK;
  for (let index = from; index <= last; index += 1) {
    const frame = mapping.find(index);
    if (frame < 0) continue;
    if (index === fault.pgoff) result = VM_FAULT_NOPAGE;
    vma.mm.mapAround(vma, vma.start + (index - vma.pgoff), frame);
  }
  return result;
}

/** mm/filemap.c:generic_file_vm_ops. */
export const genericFileVmOps: VmOperations = {
  fault: filemapFault,
  mapPages: filemapMapPages,
  pageMkwrite: () => VM_FAULT_OK,
};

/** read(2) through the page cache. Compare mm/filemap.c:filemap_read(). */
export function filemapRead(file: OpenFile, position: number, into: Uint8Array): number {
  const mapping = file.mapping!;
  const { phys } = mapping;
  const end = Math.min(position + into.length, mapping.host.size);
  let done = 0;
  for (let at = position; at < end;) {
    const offset = at % PAGE_SIZE;
    const length = Math.min(PAGE_SIZE - offset, end - at);
    const frame = readOrStop(mapping, Math.floor(at / PAGE_SIZE), done);
    if (frame < 0) break;
    into.set(phys.borrow(frame).subarray(offset, offset + length), done);
    done += length;
    at += length;
  }
  return done;
}

/** An error behind what was read already ends the read without one. */
function readOrStop(mapping: AddressSpace, index: Pgoff, done: number): Frame {
  try {
    return mapping.read(index);
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
  const end = Math.min(index + limit, pagesOf(mapping.host.size));
  for (let at = index; at < end; at += 1) {
    if (readOrStop(mapping, at, 1) < 0) return;
  }
}
