import { SyscallError } from '../errno.js';
import { PAGE_SIZE, isPageAligned, pagesOf, type Address } from '../units.js';
import type { Mm } from './mm-struct.js';

/**
 * msync(2) with MS_SYNC. No file system here has a device to write to, so only the holes count.
 *
 * @throws SyscallError EINVAL, ENOMEM. Compare mm/msync.c.
 */
export function msync(mm: Mm, address: Address, length: number): void {
  if (!isPageAligned(address)) throw new SyscallError('EINVAL', 'address is not page aligned');
  const end = address / PAGE_SIZE + pagesOf(length);
  for (let at = address / PAGE_SIZE, vma = mm.findVma(at); at < end; vma = vma.next) {
    if (vma === undefined || vma.start > at) throw new SyscallError('ENOMEM', 'a hole');
    at = vma.end;
  }
}
