import { locateBlock } from 'cramfs-reader';
import { SyscallError } from '../../errno.js';
import { PAGE_SIZE, pagesOf, type Pgoff } from '../../units.js';
import type { AddressSpace, AddressSpaceOperations } from '../../vfs/address-space.js';
import { cramfsInode } from './inode.js';

const HOLE = new Uint8Array(0);

/**
 * What a page of the page cache gets. Compare fs/cramfs/inode.c:cramfs_read_folio(). Where the
 * reader (what was stored) and the kernel disagree, this is the kernel.
 */
function readFolio(mapping: AddressSpace, index: Pgoff): Uint8Array {
  const inode = cramfsInode(mapping.host);
  const { sb, size } = inode;
  const count = pagesOf(size);
  if (index >= count) return HOLE;
  // A table behind the end of the image reads as zeros: a hole that ends before it starts.
  if (inode.ino + (index + 1) * 4 > sb.image.bytes.length) return HOLE;
  const block = locateBlock(sb.image, { dataOffset: inode.ino, size }, index, count);
  const uncompressed = block.kind === 'uncompressed';
  // QUIRK K1: the length of a direct uncompressed last block is size mod PAGE_SIZE, also when
  // that is 0: a last block that fills its page reads as a hole.
  if (uncompressed && block.direct && index === count - 1 && size % PAGE_SIZE === 0) return HOLE;
  if (block.length === 0) return HOLE;
  if (block.length < 0 || block.length > (uncompressed ? 1 : 2) * PAGE_SIZE) {
    throw new SyscallError('EIO', `bad data blocksize ${block.length}`);
  }
  const stored = sb.read(block.start, block.length);
  if (uncompressed) return stored;
  try {
    return sb.image.zlib.inflate(stored, PAGE_SIZE);
  } catch {
    throw new SyscallError('EIO', `block ${index} does not inflate`);
  }
}

export const cramfsAops: AddressSpaceOperations = { readFolio };
