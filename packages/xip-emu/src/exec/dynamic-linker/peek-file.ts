import { PAGE_SIZE, pagesOf } from '../../units.js';
import type { Inode } from '../../vfs/inode.js';

/**
 * The content of a file, without any trace in the machine: nothing is read into the page cache.
 *
 * @throws SyscallError EIO.
 */
export function peekFile({ mapping, size }: Inode): Uint8Array {
  const bytes = new Uint8Array(size);
  if (mapping === undefined) return bytes;
  for (let index = 0; index < pagesOf(size); index += 1) {
    const frame = mapping.find(index);
    const page = frame < 0 ? mapping.folioContent(index) : mapping.phys.borrow(frame);
    bytes.set(page.subarray(0, Math.min(PAGE_SIZE, size - index * PAGE_SIZE)), index * PAGE_SIZE);
  }
  return bytes;
}
