import { SyscallError, UnmodelledError } from '../errno.js';
import type { Address, Vpn } from '../units.js';
import { VM_PFNMAP } from '../vfs/vm-area.js';
import type { Mm } from './mm-struct.js';
import type { Vma } from './vma.js';

/** Pages of 64 GiB. A program that needs a longer vector asks for it in parts. */
const MOST_PAGES = 2 ** 24;

/**
 * mincore(2), as root. @returns 0 or 1 per page.
 *
 * @throws SyscallError EINVAL, ENOMEM (a hole); UnmodelledError for more than 64 GiB. Compare mm/mincore.c:do_mincore().
 */
export function mincore(mm: Mm, address: Address, length: number): Uint8Array {
  const { geometry } = mm;
  if (!geometry.isAligned(address)) throw new SyscallError('EINVAL', 'address is not page aligned');
  const start = geometry.pageOf(address);
  const pages = geometry.pagesOf(length);
  if (start + pages > mm.taskSize) throw new SyscallError('ENOMEM', 'not all of it can be mapped');
  const areas = areasOf(mm, start, start + pages);
  if (pages > MOST_PAGES) throw new UnmodelledError(`mincore() with a vector of ${pages} bytes`);
  const result = new Uint8Array(pages);
  for (const vma of areas) {
    const end = Math.min(vma.end, start + pages);
    for (let at = Math.max(vma.start, start); at < end; at += 1) {
      result[at - start] = isInCore(mm, vma, at) ? 1 : 0;
    }
  }
  return result;
}

/** @throws SyscallError ENOMEM if they leave a hole. */
function areasOf(mm: Mm, start: Vpn, end: Vpn): Vma[] {
  const areas: Vma[] = [];
  for (let vma = mm.vmas.vmaAt(start), at = start; at < end; vma = vma.next) {
    if (vma === undefined || vma.start > at) throw new SyscallError('ENOMEM', 'a hole');
    areas.push(vma);
    at = vma.end;
  }
  return areas;
}

/**
 * A page with an entry, or one that the page cache has. The walk does not look at the entries of a
 * VM_PFNMAP; that area's offset is a pfn if it is private, where no file has pages.
 */
function isInCore({ pageTable }: Mm, vma: Vma, vpn: Vpn): boolean {
  if ((vma.flags & VM_PFNMAP) === 0 && pageTable.get(vpn) !== 0) return true;
  const mapping = vma.file?.mapping;
  return mapping !== undefined && mapping.find(vma.pgoff + (vpn - vma.start)) >= 0;
}
