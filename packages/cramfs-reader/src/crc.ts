import { CRAMFS_FLAG_FSID_VERSION_2 } from 'cramfs-format';
import { swapU32 } from './dialects/swapped-crc.js';
import type { CramfsImage } from './image.js';
import { statedSize } from './superblock.js';

/**
 * What the CRC says about an image. `swapped`: it is right, but stored in the other byte order, as
 * Cisco's tools do; `unknown`: there is none (before fsid version 2), or no end to compute it to.
 */
export type CrcVerdict = 'right' | 'swapped' | 'wrong' | 'cut-off' | 'unknown';

export interface CrcCheck {
  readonly verdict: CrcVerdict;
  /** Undefined if it was not computed. */
  readonly computed: number | undefined;
}

/** Compares the CRC, which Linux ignores; takes a pass over all bytes. */
export function verifyCrc(image: CramfsImage): CrcCheck {
  const { superblock } = image;
  if (image.isCutOff) return { verdict: 'cut-off', computed: undefined };
  const hasFsid = (superblock.flags & CRAMFS_FLAG_FSID_VERSION_2) !== 0;
  if (!hasFsid || statedSize(superblock) === undefined) {
    return { verdict: 'unknown', computed: undefined };
  }
  const computed = image.computeCrc();
  const { crc } = superblock;
  if (computed === crc) return { verdict: 'right', computed };
  return { verdict: computed === swapU32(crc) ? 'swapped' : 'wrong', computed };
}
