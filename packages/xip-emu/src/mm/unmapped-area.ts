import { SyscallError } from '../errno.js';
import type { VmPgoff, Vpn } from '../units.js';
import type { Mm } from './mm-struct.js';
import { startGap } from './stack.js';

/** Where a page has to be for a cache that aliases: `vpn % colours === colour`. */
export interface CacheColour {
  readonly colours: number;
  readonly colour: number;
}

/**
 * The colour of a mapping; undefined where it may be anywhere. Compare arch/arm/mm/mmap.c:
 * arch_get_unmapped_area_topdown(), do_align.
 *
 * @param pgoff 0 for anonymous memory.
 */
export function colourOf(
  { host }: Mm,
  { isFile, shared, pgoff }: { isFile: boolean; shared: boolean; pgoff: VmPgoff },
): CacheColour | undefined {
  const colours = host.build.cacheColours;
  return colours > 1 && (isFile || shared) ? { colours, colour: pgoff % colours } : undefined;
}

/**
 * A free range of `pages`: at the hint if that is free, else the highest one below mmap_base, else
 * the lowest one from TASK_UNMAPPED_BASE on. Compare mm/mmap.c:generic_get_unmapped_area_topdown().
 *
 * @param hint 0 = none.
 * @throws SyscallError ENOMEM
 */
export function getUnmappedArea(mm: Mm, hint: Vpn, pages: number, colour?: CacheColour): Vpn {
  const { mmapMinVpn, build } = mm.host;
  if (pages > mm.taskSize - mmapMinVpn) throw new SyscallError('ENOMEM');
  const wanted = colour === undefined || hint === 0 ? hint : colourAlign(hint, colour);
  if (wanted !== 0 && wanted >= mmapMinVpn && wanted <= mm.taskSize - pages) {
    const above = mm.vmas.findVma(wanted);
    if (above === undefined || startGap(above) >= wanted + pages) return wanted;
  }
  // vm_unmapped_area() looks for a larger range than needed, so that it can choose in it.
  const length = pages + (colour === undefined ? 0 : colour.colours - 1);
  const low = Math.max(1, mmapMinVpn, build.firstUserVpn);
  const highest = mm.vmas.highestGap(low, build.mmapBase, length);
  if (highest !== undefined) {
    const at = highest + length - pages;
    return colour === undefined ? at : at - distanceDown(at, colour);
  }
  const lowest = lowestGap(mm, Math.max(mmapMinVpn, build.unmappedBase), length);
  if (lowest === undefined) throw new SyscallError('ENOMEM', 'no room in the address space');
  return colour === undefined ? lowest : lowest + distanceUp(lowest, colour);
}

/** How far above a page of the colour a page is. */
function distanceDown(vpn: Vpn, { colours, colour }: CacheColour): number {
  return ((vpn % colours) - colour + colours) % colours;
}

/** How far below a page of the colour a page is. */
function distanceUp(vpn: Vpn, { colours, colour }: CacheColour): number {
  return (colour - (vpn % colours) + colours) % colours;
}

/** COLOUR_ALIGN(): not always the first page of the colour. */
function colourAlign(vpn: Vpn, { colours, colour }: CacheColour): Vpn {
  return Math.ceil(vpn / colours) * colours + colour;
}

/** Compare mm/mmap.c:unmapped_area(). */
function lowestGap(mm: Mm, low: Vpn, length: number): Vpn | undefined {
  let at = low;
  for (let vma = mm.vmas.findVma(low); vma !== undefined; vma = vma.next) {
    if (startGap(vma) >= at + length) break;
    at = Math.max(at, vma.end);
  }
  return at + length <= mm.taskSize ? at : undefined;
}

/**
 * What MAP_FIXED and MREMAP_FIXED check of their place. Compare arch_mmap_check() and
 * mm/mmap.c:__get_unmapped_area().
 *
 * @param colour of a shared mapping.
 * @throws SyscallError EINVAL, ENOMEM
 */
export function checkFixed(mm: Mm, start: Vpn, pages: number, colour?: CacheColour): void {
  if (start < mm.host.build.firstUserVpn) {
    throw new SyscallError('EINVAL', 'below FIRST_USER_ADDRESS');
  }
  if (pages > mm.taskSize) throw new SyscallError('ENOMEM');
  if (colour !== undefined && distanceDown(Math.floor(start), colour) !== 0) {
    throw new SyscallError('EINVAL', 'a page of a file that the cache would have twice');
  }
  if (start > mm.taskSize - pages) throw new SyscallError('ENOMEM');
}
