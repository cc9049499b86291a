import { SyscallError } from '../errno.js';
import type { Vpn } from '../units.js';
import type { Mm } from './mm-struct.js';
import { startGap } from './stack.js';

/**
 * A free range of `pages`: at the hint if that is free, else the highest one below mmap_base, else
 * any. Compare mm/mmap.c:generic_get_unmapped_area_topdown().
 *
 * @param hint 0 = none.
 * @throws SyscallError ENOMEM
 */
export function getUnmappedArea(mm: Mm, hint: Vpn, pages: number): Vpn {
  const { mmapMinVpn } = mm.host;
  if (pages > mm.taskSize - mmapMinVpn) throw new SyscallError('ENOMEM');
  if (hint !== 0 && hint >= mmapMinVpn && hint <= mm.taskSize - pages) {
    const above = mm.vmas.findVma(hint);
    if (above === undefined || startGap(above) >= hint + pages) return hint;
  }
  const found =
    mm.vmas.highestGap(mmapMinVpn, mm.host.build.mmapBase, pages) ??
    mm.vmas.highestGap(mmapMinVpn, mm.taskSize, pages);
  if (found === undefined) throw new SyscallError('ENOMEM', 'no room in the address space');
  return found;
}

/**
 * What MAP_FIXED and MREMAP_FIXED check of their place. Compare arch_mmap_check() and
 * mm/mmap.c:__get_unmapped_area().
 *
 * @throws SyscallError EINVAL, ENOMEM
 */
export function checkFixed(mm: Mm, start: Vpn, pages: number): void {
  if (start < mm.host.build.firstUserVpn) {
    throw new SyscallError('EINVAL', 'below FIRST_USER_ADDRESS');
  }
  if (pages > mm.taskSize || start > mm.taskSize - pages) throw new SyscallError('ENOMEM');
}
