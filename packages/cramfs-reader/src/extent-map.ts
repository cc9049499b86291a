import type { ExtentKernel } from './dialects/dialect.js';
import type { CramfsImage } from './image.js';
import {
  NOTHING,
  blocksOutside,
  type DirectMapRequest,
  type DirectMapResult,
  type MappedInode,
} from './map-request.js';

/**
 * Which pages of a mapping come from ROM, for a kernel that maps files stored in one piece: the rule of
 * `directMap()` for dialects that have such a kernel. It ignores what follows the file's end in its last
 * page, which it maps as well (kernel fact K32), and there are no pointers.
 *
 * The linear XIP patches cut the length of a mapping to the size of the file without regard to where the
 * mapping starts, so one from the middle of a file continues into what follows the file.
 */
export function extentMap(
  image: CramfsImage,
  inode: MappedInode,
  request: DirectMapRequest,
  { writable: ofWritable, mapped }: ExtentKernel,
): DirectMapResult {
  const { pgoff, pages, pageSize, physAddr, mmu, writable = false } = request;
  const extent = image.dialect.extent?.(image.bytes, inode);
  if (extent === undefined) return { ...NOTHING, bailout: 'the file is not sticky' };
  if (!mmu) {
    return { ...NOTHING, bailout: 'without an MMU this kernel copies files', errno: 'ENOSYS' };
  }
  if (writable && ofWritable === 'page cache') return { ...NOTHING, bailout: 'vma is writable' };
  // PAGE_ALIGN() applies to the bus address.
  const start = Math.ceil((physAddr + extent) / pageSize) * pageSize - physAddr;
  const ofFile = Math.ceil(inode.size / pageSize);
  const run = Math.min(pages, mapped === 'at once' ? ofFile : Math.max(0, ofFile - pgoff));
  if (run === 0) return { ...NOTHING, bailout: 'beyond file limit' };
  const found = { ...NOTHING, pages: run, run, imageOffset: start + pgoff * pageSize };
  const outside = blocksOutside(image, inode, { offset: found.imageOffset, run }, request);
  return outside === undefined ? found : { ...found, outside };
}
