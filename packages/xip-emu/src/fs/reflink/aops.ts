import { PAGE_SIZE, type Pgoff } from '../../units.js';
import type { AddressSpace, AddressSpaceOperations } from '../../vfs/address-space.js';
import type { Extent } from '../../vfs/shared-pages.js';
import { cowfsInode } from './inode.js';

const HOLE = new Uint8Array(0);

function readFolio({ host }: AddressSpace, index: Pgoff): Uint8Array {
  const inode = cowfsInode(host);
  const block = inode.blockAt(index);
  return block === undefined ? HOLE : inode.sb.store.read(block);
}

/**
 * What a store through a map left behind the end of the file goes, in the page as well. Compare
 * fs/iomap/buffered-io.c:iomap_writepage_handle_eof().
 */
function writeFolio(mapping: AddressSpace, index: Pgoff): void {
  const inode = cowfsInode(mapping.host);
  const page = mapping.phys.borrowWritable(mapping.find(index));
  page.fill(0, Math.min(inode.size - index * PAGE_SIZE, PAGE_SIZE));
  inode.sb.store.write(inode.ownBlock(index), page.slice());
}

/** Only what is known to be shared: blocks that were cloned and that nobody has written since. */
function extentOf({ host }: AddressSpace, index: Pgoff): Extent | undefined {
  const inode = cowfsInode(host);
  const block = inode.blockAt(index);
  return block !== undefined && inode.sb.store.isShared(block) ? block : undefined;
}

export const cowfsAops: AddressSpaceOperations = { readFolio, writeFolio, extentOf };
