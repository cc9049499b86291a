import type { Pgoff } from '../../units.js';
import type { AddressSpace, AddressSpaceOperations } from '../../vfs/address-space.js';
import type { Extent } from '../../vfs/shared-pages.js';
import { cowfsInode } from './inode.js';

const HOLE = new Uint8Array(0);

function readFolio({ host }: AddressSpace, index: Pgoff): Uint8Array {
  const inode = cowfsInode(host);
  const block = inode.blockAt(index);
  return block === undefined ? HOLE : inode.sb.store.read(block);
}

function writeFolio({ host }: AddressSpace, index: Pgoff, content: Uint8Array): void {
  const inode = cowfsInode(host);
  inode.sb.store.write(inode.ownBlock(index), content.slice());
}

function prepareWrite({ host }: AddressSpace, index: Pgoff): void {
  cowfsInode(host).ownBlock(index);
}

/** Only what is known to be shared: blocks that were cloned and that nobody has written since. */
function extentOf({ host }: AddressSpace, index: Pgoff): Extent | undefined {
  const inode = cowfsInode(host);
  const block = inode.blockAt(index);
  return block !== undefined && inode.sb.store.isShared(block) ? block : undefined;
}

export const cowfsAops: AddressSpaceOperations = {
  readFolio,
  writeFolio,
  prepareWrite,
  extentOf,
};
