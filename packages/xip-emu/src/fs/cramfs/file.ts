import { SyscallError } from '../../errno.js';
import type { Address, Pgoff } from '../../units.js';
import type { FileOperations, OpenFile } from '../../vfs/file.js';
import { filemapRead, genericFileReadonlyMmap } from '../../vfs/filemap.js';
import { filemapSpliceRead } from '../../vfs/splice.js';
import { isNommuSharedMapping } from '../../vfs/vm-area.js';
import { cramfsInode } from './inode.js';
import { mapDirect } from './map-direct.js';

/** Pages are counted in an unsigned int: it wraps here. */
const PAGES_LIMIT = 2 ** 32;

/** fs/cramfs/inode.c:cramfs_physmem_get_unmapped_area(). */
function getUnmappedArea(file: OpenFile, pgoff: Pgoff, length: number): Address {
  const inode = cramfsInode(file.inode);
  const pages = length % PAGES_LIMIT;
  if (pages === 0) {
    const isBehind = pgoff >= inode.sb.geometry.pagesOf(inode.size);
    throw new SyscallError(isBehind ? 'EINVAL' : 'ENOSYS', 'more pages than are counted');
  }
  const { imageOffset, errno, bailout } = mapDirect(inode, { pgoff, pages, mmu: false });
  if (errno !== undefined) throw new SyscallError(errno, bailout);
  return inode.sb.physAddr + imageOffset;
}

/**
 * Regular files on ROM for a kernel that maps files in one piece: cramfs_linear_xip_fops of the linear
 * XIP patches, asxipfs_linear_xip_fops. Without an MMU nothing says where they are.
 */
export const extentFileOperations: FileOperations = {
  readIter: filemapRead,
  spliceRead: filemapSpliceRead,
  mmap(file, vma) {
    cramfsInode(file.inode).sb.policy.physmemMmap(file, vma);
  },
  explainMmap(file, range) {
    const { bailout, lastPageShared } = mapDirect(cramfsInode(file.inode), range);
    return { bailout, lastPageShared };
  },
};

/** cramfs_physmem_fops: regular files of a ROM mount whose image has direct pointers. */
export const physmemFileOperations: FileOperations = {
  ...extentFileOperations,
  mmapCapabilities: () => ({ copy: true, direct: true, read: true, write: false, exec: true }),
  getUnmappedArea,
  nommuMmap: (_file, flags) => isNommuSharedMapping(flags),
};

/** generic_ro_fops: everything else with content. */
export const blockdevFileOperations: FileOperations = {
  readIter: filemapRead,
  spliceRead: filemapSpliceRead,
  mmap: genericFileReadonlyMmap,
};
