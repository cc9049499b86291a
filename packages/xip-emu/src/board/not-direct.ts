import { explainRange, type CramfsImage, type Inode, type PageRange } from 'cramfs-reader';
import type { PolicyName } from '../policy.js';
import type { Address } from '../units.js';

/** To the patch, data after the end of a file is not a reason of its own. */
const V3_TAIL = 'the patch looks for the last page in the wrong place and takes it to be shared';

/**
 * Why not all pages of a mapping come from ROM: in the kernel's words where it has some.
 *
 * @param direct pages that the emulator has from ROM.
 * @returns undefined if all do.
 */
export function notDirectReason(
  image: CramfsImage,
  inode: Inode,
  range: PageRange,
  direct: number,
  kernel: { readonly mmu: boolean; readonly physAddr: Address; readonly policy: PolicyName },
): string | undefined {
  if (direct === range.pages) return undefined;
  const { mmu, physAddr, policy } = kernel;
  const options = { pageSize: image.blockSize, physAddr, mmu };
  const { directPages, reason } = explainRange(image, inode, range, options);
  return directPages > direct && policy === 'linux-6.12-v3-vmasplit' ? V3_TAIL : reason;
}
