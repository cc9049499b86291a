import { CramfsError, isCramfsError } from 'cramfs-format';
import type { CramfsImage } from '../../image.js';
import type { Inode } from '../../types.js';

/**
 * Refuses a set of files that would take more than `maxBytes` of disk: in a hostile image of some
 * KiB thousands of files can share one table of blocks, each 16 MiB large. Holes take no disk.
 *
 * @returns bytes that all files have together, holes included.
 * @throws CramfsError TOO_BIG, before anything has been written.
 */
export function checkContentSize(
  image: CramfsImage,
  files: readonly Inode[],
  maxBytes: number,
): number {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  // Usually true: then there is no need to look for holes.
  if (total <= maxBytes) return total;
  const known = new Map<string, number>();
  let stored = 0;
  for (const inode of files) {
    const key = `${inode.dataOffset},${inode.size}`;
    const bytes = known.get(key) ?? bytesInBlocks(image, inode);
    known.set(key, bytes);
    stored += bytes;
    if (stored > maxBytes) {
      throw new CramfsError(
        'TOO_BIG',
        `the files have more than ${maxBytes} bytes together: raise the limit (--max-bytes) if that is intended`,
      );
    }
  }
  return total;
}

function bytesInBlocks(image: CramfsImage, inode: Inode): number {
  try {
    return image
      .blocks(inode)
      .reduce((sum, { kind, size }) => sum + (kind === 'hole' ? 0 : size), 0);
  } catch (error) {
    if (!isCramfsError(error)) throw error;
    return inode.size;
  }
}
