import { SyscallError } from '../../errno.js';
import { FRAME_REGION } from '../../phys/frame.js';
import { PG_DIRTY } from '../../phys/frame-table.js';
import type { Address, Pgoff } from '../../units.js';
import type { AddressSpace } from '../../vfs/address-space.js';
import type { FileOperations, OpenFile } from '../../vfs/file.js';
import { isNommuSharedMapping } from '../../vfs/vm-area.js';

/** Compare fs/ramfs/file-nommu.c:ramfs_nommu_get_unmapped_area(). */
function getUnmappedArea({ mapping }: OpenFile, pgoff: Pgoff, pages: number): Address {
  const { phys, geometry, filePages: all } = mapping!;
  if (pgoff >= all || all - pgoff < pages)
    throw new SyscallError('ENOSYS', 'past the end of the file');
  const first = mapping!.find(pgoff);
  for (let page = 0; page < pages; page += 1) {
    const frame = mapping!.find(pgoff + page);
    if (frame < 0 || frame !== first + page) {
      throw new SyscallError('ENOSYS', 'the pages of the file are not contiguous in RAM');
    }
  }
  return phys.pfnOf(first) * geometry.size;
}

/** Without an MMU mappings are the file's own pages, if those are in a row. */
export const ramfsNommuOperations: Pick<
  FileOperations,
  'mmapCapabilities' | 'getUnmappedArea' | 'nommuMmap'
> = {
  mmapCapabilities: () => ({ copy: true, direct: true, read: true, write: true, exec: true }),
  getUnmappedArea,
  nommuMmap: (_file, flags) => isNommuSharedMapping(flags),
};

/**
 * Gives an empty file its pages in a row: who makes it longer at once wants to map it. Compare
 * fs/ramfs/file-nommu.c:ramfs_nommu_expand_for_mapping().
 *
 * @param size in bytes, not 0.
 * @throws SyscallError EFBIG for more than the page allocator gives, ENOMEM.
 */
export function expandForMapping(mapping: AddressSpace, size: number): void {
  const { phys, geometry } = mapping;
  const pages = geometry.pagesOf(size);
  if (pages > phys.maxBlockPages) throw new SyscallError('EFBIG');
  const first = phys.allocateRun(pages, FRAME_REGION);
  if (first === undefined) throw new SyscallError('ENOMEM', `no ${pages} contiguous pages`);
  // Frames freed from last to first are allocated again from first to last.
  for (let page = pages - 1; page >= 0; page -= 1) phys.put(first + page);
  for (let page = 0; page < pages; page += 1) phys.frames.setFlag(mapping.grab(page), PG_DIRTY);
}
