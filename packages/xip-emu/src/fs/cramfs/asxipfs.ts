import { SyscallError } from '../../errno.js';
import type { OpenFile } from '../../vfs/file.js';
import { genericFileReadonlyMmap } from '../../vfs/filemap.js';
import {
  VM_FAULT_NOPAGE,
  VM_FAULT_OK,
  VM_FAULT_SIGBUS,
  VM_MIXEDMAP,
  VM_SHARED,
  isSharedMaywrite,
  type VmArea,
  type VmFault,
  type VmOperations,
} from '../../vfs/vm-area.js';
import { cramfsInode } from './inode.js';
import { mapDirect } from './map-direct.js';
import type { CramfsPolicy } from './policy.js';

/** asxipfs_mmap(): maps nothing yet, even in a writable area. */
function physmemMmap(file: OpenFile, vma: VmArea): void {
  const inode = cramfsInode(file.inode);
  const { sb } = inode;
  if (sb.image.dialect.extent?.(sb.image.bytes, inode.raw) === undefined) {
    genericFileReadonlyMmap(file, vma);
    return;
  }
  if (isSharedMaywrite(vma.flags)) throw new SyscallError('EINVAL');
  vma.flags |= VM_MIXEDMAP;
  vma.ops = asxipfsVmOps;
}

/**
 * asxipfs_fault(): maps the page from ROM, or gives it to be copied if a private area is written to.
 * The page cache, which read(2) uses, is not asked.
 */
function asxipfsFault(fault: VmFault): number {
  const { vma, vpn, pgoff, write } = fault;
  const inode = cramfsInode(vma.file!.inode);
  const { sb } = inode;
  const { pages, imageOffset } = mapDirect(inode, { pgoff, pages: 1, mmu: true });
  if (pages === 0) return VM_FAULT_SIGBUS;
  const pfn = (sb.physAddr + imageOffset) / sb.geometry.size;
  if (write && (vma.flags & VM_SHARED) === 0) {
    fault.frame = sb.phys.rom.frameOf(pfn) ?? sb.phys.rom.absentFrame(pfn);
    return VM_FAULT_OK;
  }
  vma.mm.insertMixed(vma, vpn, pfn);
  return VM_FAULT_NOPAGE;
}

const asxipfsVmOps: VmOperations = { fault: asxipfsFault };

/** Azure Sphere's Linux, whose ASXipFS is derived from the linear XIP patches. */
export const asxipfsPolicy: CramfsPolicy = { dialect: 'asxipfs', physmemMmap };
