import { areasMayMove } from '../../vfs/backing-file.js';
import type { OpenFile } from '../../vfs/file.js';
import { genericFileReadonlyMmap } from '../../vfs/filemap.js';
import { VM_MIXEDMAP, VM_WRITE, type VmArea } from '../../vfs/vm-area.js';
import { cramfsInode } from './inode.js';
import { mapDirect } from './map-direct.js';
import type { CramfsPolicy } from './policy.js';

/**
 * fs/cramfs/inode.c:cramfs_physmem_mmap() since 4.15: an area that is direct as a whole becomes a
 * VM_PFNMAP; one whose first pages are direct becomes a VM_MIXEDMAP with those pages filled in,
 * and the page cache gives the rest on demand. Either way the ROM entries are made here, once: a
 * fault never makes one.
 */
function physmemMmap(file: OpenFile, vma: VmArea): void {
  genericFileReadonlyMmap(file, vma);
  const inode = cramfsInode(file.inode);
  const { sb } = inode;
  const length = vma.end - vma.start;
  const { pages, imageOffset } = mapDirect(inode, {
    pgoff: vma.pgoff,
    pages: length,
    mmu: true,
    writable: (vma.flags & VM_WRITE) !== 0,
  });
  if (pages === 0) return;
  const pfn = (sb.physAddr + imageOffset) / sb.geometry.size;
  if (pages === length && !areasMayMove(file)) {
    vma.mm.remapPfnRange(vma, vma.start, pfn, pages);
    return;
  }
  vma.flags |= VM_MIXEDMAP;
  for (let page = 0; page < pages; page += 1) {
    vma.mm.insertMixed(vma, vma.start + page, pfn + page);
  }
}

/** Mainline, 4.15 to 6.12. */
export const mixedmapPolicy: CramfsPolicy = { physmemMmap };
