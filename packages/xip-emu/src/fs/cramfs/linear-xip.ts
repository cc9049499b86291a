import { SyscallError } from '../../errno.js';
import type { OpenFile } from '../../vfs/file.js';
import { genericFileReadonlyMmap } from '../../vfs/filemap.js';
import { VM_IO, VM_MAYWRITE, VM_WRITE, isSharedMaywrite, type VmArea } from '../../vfs/vm-area.js';
import { cramfsInode } from './inode.js';
import { mapDirect } from './map-direct.js';
import type { CramfsPolicy } from './policy.js';

/**
 * cramfs_mmap() of the linear XIP patches to fs/cramfs/inode.c, in the form that they had from 2005 on:
 * an area of a sticky file that is not writable is mapped from ROM at once, never to become writable;
 * any other goes through the page cache.
 */
function physmemMmap(file: OpenFile, vma: VmArea): void {
  const writable = (vma.flags & VM_WRITE) !== 0;
  const inode = cramfsInode(file.inode);
  const { sb } = inode;
  const { pages, imageOffset } = mapDirect(inode, {
    pgoff: vma.pgoff,
    pages: vma.end - vma.start,
    mmu: true,
    writable,
  });
  if (pages === 0) {
    genericFileReadonlyMmap(file, vma);
    return;
  }
  if (isSharedMaywrite(vma.flags)) throw new SyscallError('EINVAL');
  vma.flags |= VM_IO;
  vma.flags &= ~VM_MAYWRITE;
  // QUIRK K32: for kernels before 4.18 an area without operations is anonymous memory where nothing
  // is mapped: after the file's pages it reads as zeros.
  vma.ops = undefined;
  vma.mm.remapPfnRange(vma, vma.start, (sb.physAddr + imageOffset) / sb.geometry.size, pages);
}

/** The kernels of 2000 to 2010 that had the linear XIP patches. */
export const linearXipPolicy: CramfsPolicy = { dialect: 'linear-xip', nodev: true, physmemMmap };
