import type { Inode } from '../../vfs/inode.js';

/**
 * Returns the content of a file and leaves no trace in the machine: nothing is read into the page
 * cache.
 *
 * @throws SyscallError EIO.
 */
export function peekFile({ mapping, size }: Inode): Uint8Array {
  const bytes = new Uint8Array(size);
  if (mapping === undefined) return bytes;
  const { size: pageSize } = mapping.geometry;
  for (let index = 0; index < mapping.filePages; index += 1) {
    const frame = mapping.find(index);
    const page = frame < 0 ? mapping.folioContent(index) : mapping.phys.borrow(frame);
    const at = index * pageSize;
    bytes.set(page.subarray(0, Math.min(pageSize, size - at)), at);
  }
  return bytes;
}
