import { StoredBlock, type Content } from './content.js';

/** Makes the blocks of the content's ranges in place, with a copy of their bytes. */
export function storeInPlace(
  { blocks, xipRanges }: Content,
  bytes: Uint8Array,
  blockSize: number,
): void {
  for (const { first, end } of xipRanges) {
    const run = bytes.slice(first * blockSize, end * blockSize);
    for (let index = first; index < end; index += 1) {
      const at = (index - first) * blockSize;
      const size = Math.min(blockSize, run.length - at);
      blocks[index] = new StoredBlock('xip', size, run, at, size);
    }
  }
}
