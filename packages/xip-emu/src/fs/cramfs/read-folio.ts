import { BLOCK_POINTER_SIZE, DIRECT_LENGTH_SIZE, decodeBlockPointer } from 'cramfs-format';
import { locateBlock } from 'cramfs-reader';
import { SyscallError } from '../../errno.js';
import type { Address, Pgoff } from '../../units.js';
import type { AddressSpace, AddressSpaceOperations } from '../../vfs/address-space.js';
import type { Extent } from '../../vfs/shared-pages.js';
import type { BlkdevReader } from './blkdev-read.js';
import { cramfsInode, type CramfsInode } from './inode.js';

const HOLE = new Uint8Array(0);

/** Where the bytes of a page are in the image. */
interface FolioBlock {
  readonly start: number;
  /** Bytes; negative or too many where the image is damaged. */
  readonly length: number;
  readonly uncompressed: boolean;
}

/**
 * The block that a page of the page cache is made of, undefined for a hole. Compare
 * fs/cramfs/inode.c:cramfs_read_folio(). Where the reader (what was stored) and the kernel
 * disagree, this is the kernel.
 */
function blockOfFolio({ sb, ino, size, raw }: CramfsInode, index: Pgoff): FolioBlock | undefined {
  const { size: pageSize } = sb.geometry;
  const count = sb.geometry.pagesOf(size);
  if (index >= count) return undefined;
  const extent = sb.extentOf(raw);
  // QUIRK K32: a whole page, also where the file ends in it.
  if (extent !== undefined) {
    return { start: extent + index * pageSize, length: pageSize, uncompressed: true };
  }
  const { kind, direct, start, length } = locateBlock(
    sb.readable,
    { dataOffset: ino, size },
    index,
    count,
  );
  const uncompressed = kind === 'uncompressed';
  // QUIRK K1: the length of a direct uncompressed last block is size mod PAGE_SIZE, also when
  // that is 0: a last block that fills its page reads as a hole.
  if (uncompressed && direct && index === count - 1 && sb.geometry.isAligned(size))
    return undefined;
  return length === 0 ? undefined : { start, length, uncompressed };
}

/** Reads the pointers that cramfs_read_folio() needs to find a block on a block device. */
function readPointers(blkdev: BlkdevReader, inode: CramfsInode, index: Pgoff): void {
  const { sb, ino, size } = inode;
  const count = sb.geometry.pagesOf(size);
  if (index >= count || sb.extentOf(inode.raw) !== undefined) return;
  const { pointerOffset, direct, raw, start } = locateBlock(
    sb.readable,
    { dataOffset: ino, size },
    index,
    count,
  );
  blkdev.read(pointerOffset, BLOCK_POINTER_SIZE);
  if (!direct && index > 0) blkdev.read(pointerOffset - BLOCK_POINTER_SIZE, BLOCK_POINTER_SIZE);
  if (direct && !decodeBlockPointer(raw).uncompressed) {
    blkdev.read(start - DIRECT_LENGTH_SIZE, DIRECT_LENGTH_SIZE);
  }
}

/** The content of a page for the page cache. @throws SyscallError EIO. */
function readFolio(mapping: AddressSpace, index: Pgoff): Uint8Array {
  const inode = cramfsInode(mapping.host);
  const { sb } = inode;
  if (sb.blkdev !== undefined) readPointers(sb.blkdev, inode, index);
  const block = blockOfFolio(inode, index);
  if (block === undefined) return HOLE;
  const { start, length, uncompressed } = block;
  const { size: pageSize } = sb.geometry;
  if (length < 0 || length > (uncompressed ? 1 : 2) * pageSize) {
    throw new SyscallError('EIO', `bad data blocksize ${length}`);
  }
  const stored = sb.read(start, length);
  if (uncompressed) return stored;
  try {
    return sb.image.zlib.inflate(filled(stored, length), pageSize);
  } catch {
    throw new SyscallError('EIO', `block ${index} does not inflate`);
  }
}

/** `length` bytes: those that were read, and the zeros that follow the end of the device. */
function filled(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length === length) return bytes;
  const whole = new Uint8Array(length);
  whole.set(bytes);
  return whole;
}

/**
 * Pages are equal if their blocks are, as stored; and a last page that the file fills in part is
 * shared only with one that ends at the same byte.
 */
function extentOf(mapping: AddressSpace, index: Pgoff): Extent | undefined {
  const inode = cramfsInode(mapping.host);
  const block = blockOfFolio(inode, index);
  if (block === undefined) return undefined;
  const { size: pageSize } = mapping.geometry;
  const valid = Math.min(inode.size - index * pageSize, pageSize);
  const { start, length, uncompressed } = block;
  return `${start}+${length} ${uncompressed ? 'stored' : 'deflated'}, ${valid} valid`;
}

/** A page that is stored as it is, at the start of a page of ROM. */
function romAddressOf(mapping: AddressSpace, index: Pgoff): Address | undefined {
  const { sb, raw, ino, size } = cramfsInode(mapping.host);
  const { geometry, physAddr } = sb;
  const count = geometry.pagesOf(size);
  if (physAddr === 0 || index >= count) return undefined;
  const extent = sb.extentOf(raw);
  const { kind, start } =
    extent === undefined
      ? locateBlock(sb.image, { dataOffset: ino, size }, index, count)
      : { kind: 'uncompressed', start: extent + index * geometry.size };
  const address = physAddr + start;
  return kind === 'uncompressed' && geometry.isAligned(address) ? address : undefined;
}

export const cramfsAops: AddressSpaceOperations = { readFolio, extentOf, romAddressOf };
