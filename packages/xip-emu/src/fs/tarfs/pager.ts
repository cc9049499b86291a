import type { AddressSpaceOperations } from '../../vfs/address-space.js';
import { filemapFault, filemapMapPages } from '../../vfs/filemap.js';
import { VM_FAULT_OK, type VmOperations } from '../../vfs/vm-area.js';
import { tarfsInode } from './inode.js';

/**
 * A pager: the pages of a mapped file. It reads and writes as a file operation would if there were
 * no pager. What follows the end of the file is not written.
 */
export const tarfsAops: AddressSpaceOperations = {
  readFolio: ({ host }, index) => tarfsInode(host).content.page(index),
  writeFolio({ host, geometry }, index, page) {
    const { content } = tarfsInode(host);
    const start = index * geometry.size;
    const length = Math.max(Math.min(geometry.size, content.size - start), 0);
    content.write(start, page.subarray(0, length));
  },
};

/** A first store to a clean page faults: the page becomes one that has to be written. */
export const tarfsVmOps: VmOperations = {
  fault: filemapFault,
  mapPages: filemapMapPages,
  pageMkwrite: () => VM_FAULT_OK,
  close({ file }) {
    tarfsInode(file!.inode).dropPager();
  },
};
