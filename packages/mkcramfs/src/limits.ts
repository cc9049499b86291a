import {
  BLOCK_POINTER_SIZE,
  CRAMFS_MAX_FILE_SIZE,
  CRAMFS_OFFSET_LIMIT,
  CramfsError,
  nameToText,
} from 'cramfs-format';
import type { Layout } from './layout/layout.js';
import type { PlanNode } from './nodes.js';

/**
 * The highest offset of a pointer table, and after it the largest file with its pointers: what
 * the C tools call MAXFSLEN, about 272 MiB.
 *
 * @throws CramfsError TOO_BIG.
 */
export function checkLimits({ chunks, directories, size }: Layout, blockSize: number): void {
  for (const [node, { position }] of chunks) checkStart(node, position);
  for (const [node, position] of directories.offsets) checkStart(node, position);
  const most = maxImageSize(blockSize);
  if (size > most) {
    throw new CramfsError('TOO_BIG', `the image is too big: ${size} bytes, at most ${most} fit`);
  }
}

/** Bytes of the largest image that the format allows. */
export function maxImageSize(blockSize: number): number {
  const pointers = ((CRAMFS_MAX_FILE_SIZE + 1) * BLOCK_POINTER_SIZE) / blockSize;
  return CRAMFS_OFFSET_LIMIT - 4 + CRAMFS_MAX_FILE_SIZE + pointers;
}

function checkStart({ path }: PlanNode, position: number): void {
  if (position < CRAMFS_OFFSET_LIMIT) return;
  throw new CramfsError(
    'TOO_BIG',
    `the image is too big: ${nameToText(path)} would start at ${position}, past 256 MiB`,
  );
}
