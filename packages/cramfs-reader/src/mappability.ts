import {
  BLOCK_POINTER_SIZE,
  CramfsError,
  decodeBlockPointer,
  getU32,
  nextDirectPointer,
} from 'cramfs-format';
import type { CramfsImage } from './image.js';
import { hasExtendedPointers } from './superblock.js';
import type { Inode } from './types.js';

/** Why nothing is mapped directly, in the words of fs/cramfs/inode.c:cramfs_physmem_mmap(). */
export type Bailout =
  | 'vma is writable'
  | 'beyond file limit'
  | 'unsuitable block layout'
  | 'data is not page aligned'
  | 'no suitable block remaining';

/** One mmap of a regular file. */
export interface DirectMapRequest {
  /** First page of the file. */
  readonly pgoff: number;
  /** Length of the mapping, at least one page; may reach behind the end of the file. */
  readonly pages: number;
  /** The kernel's, in bytes: a power of two. */
  readonly pageSize: number;
  /** Bus address of image byte 0. */
  readonly physAddr: number;
  readonly mmu: boolean;
  /** VM_WRITE: true for a private mapping with PROT_WRITE. */
  readonly writable?: boolean | undefined;
}

export interface DirectMapResult {
  /** Leading pages of the mapping that come from ROM; without MMU all or none. */
  readonly pages: number;
  /** Image offset of the first of them; 0 if the first block is not direct. */
  readonly imageOffset: number;
  /** Direct, uncompressed and contiguous blocks found from `pgoff` on, within the request. */
  readonly run: number;
  /** True if the run's last page was given up because other data stands behind the file's end. */
  readonly lastPageShared: boolean;
  readonly bailout?: Bailout;
  /** Without MMU: what get_unmapped_area answers. The kernel falls back to a copy on ENOSYS only. */
  readonly errno?: 'EINVAL' | 'ENOSYS';
}

const NOTHING = { pages: 0, imageOffset: 0, run: 0, lastPageShared: false } as const;

/**
 * Which pages of a mapping come straight from ROM: the one place that knows the rule. A function
 * of image, inode and request alone; it neither changes nor inflates anything.
 *
 * With an MMU this is fs/cramfs/inode.c:cramfs_physmem_mmap(), without one
 * cramfs_physmem_get_unmapped_area(), which looks neither at the alignment nor at what stands
 * behind the file's end (and is only asked for mappings that are not writable). Both are in force
 * only where {@link usesPhysmemOperations} holds. Like the kernel it takes `request.pageSize` for
 * the block size and reads the pointers at `inode.ino`; bytes behind the input's end are zero.
 *
 * @throws CramfsError BAD_REQUEST for a request that no kernel can make.
 */
export function directMap(
  image: CramfsImage,
  inode: Pick<Inode, 'ino' | 'size'>,
  request: DirectMapRequest,
): DirectMapResult {
  checkRequest(request);
  const { pgoff, pages, pageSize, physAddr, mmu, writable = false } = request;
  if (writable) return { ...NOTHING, bailout: 'vma is writable' };

  const maxPages = Math.ceil(contentSize(inode) / pageSize);
  const beyond = mmu ? pgoff >= maxPages : pages > maxPages - pgoff;
  if (beyond) {
    return { ...NOTHING, bailout: 'beyond file limit', ...(mmu ? {} : { errno: 'EINVAL' }) };
  }

  const { offset, run } = blockRange(
    image,
    inode,
    pgoff,
    Math.min(pages, maxPages - pgoff),
    pageSize,
  );
  const found = { ...NOTHING, imageOffset: offset, run };
  if (!mmu) {
    return offset === 0 || run !== pages
      ? { ...found, bailout: 'unsuitable block layout', errno: 'ENOSYS' }
      : { ...found, pages };
  }
  if (offset === 0) return { ...found, bailout: 'unsuitable block layout' };
  if ((physAddr + offset) % pageSize !== 0) {
    return { ...found, bailout: 'data is not page aligned' };
  }
  const lastPageShared =
    pgoff + run === maxPages && isTailShared(image, inode, offset + (run - 1) * pageSize, pageSize);
  const mapped = lastPageShared ? run - 1 : run;
  return mapped === 0
    ? { ...found, lastPageShared, bailout: 'no suitable block remaining' }
    : { ...found, lastPageShared, pages: mapped };
}

/**
 * True if regular files of the image get the file operations that can map directly, given the
 * mount's bus address. Compare fs/cramfs/inode.c:get_cramfs_inode().
 */
export function usesPhysmemOperations(image: CramfsImage, physAddr: number): boolean {
  return hasExtendedPointers(image.superblock) && physAddr !== 0;
}

/**
 * True if the page of the image that holds the file's last bytes holds other data behind them.
 * Compare fs/cramfs/inode.c:cramfs_last_page_is_shared().
 *
 * @param lastPage image offset of that page.
 */
export function isTailShared(
  image: CramfsImage,
  inode: Pick<Inode, 'size'>,
  lastPage: number,
  pageSize: number,
): boolean {
  const partial = inode.size % pageSize;
  if (partial === 0) return false;
  const tail = image.bytes.subarray(lastPage + partial, lastPage + pageSize);
  return tail.some((byte) => byte !== 0);
}

/**
 * The run of direct, uncompressed, contiguous blocks from block `pgoff` on, at most `pages` of
 * them; offset 0 if there is none. Compare fs/cramfs/inode.c:cramfs_get_block_range().
 */
function blockRange(
  image: CramfsImage,
  inode: Pick<Inode, 'ino'>,
  pgoff: number,
  pages: number,
  pageSize: number,
): { offset: number; run: number } {
  const table = inode.ino + pgoff * BLOCK_POINTER_SIZE;
  const first = pointerAt(image, table);
  const pointer = decodeBlockPointer(first);
  if (pointer.kind !== 'direct' || !pointer.uncompressed) return { offset: 0, run: 0 };
  let run = 1;
  for (let expected = first; run < pages; run += 1) {
    expected = nextDirectPointer(expected, pageSize);
    if (pointerAt(image, table + run * BLOCK_POINTER_SIZE) !== expected) break;
  }
  return { offset: pointer.start, run };
}

/** Content size as Linux knows it: none where the inode number shows that there is no data. */
function contentSize({ ino, size }: Pick<Inode, 'ino' | 'size'>): number {
  return ino % 4 === 0 ? size : 0;
}

function pointerAt(image: CramfsImage, at: number): number {
  return at + BLOCK_POINTER_SIZE <= image.bytes.length
    ? getU32(image.view, at, image.endianness)
    : 0;
}

function checkRequest({ pgoff, pages, pageSize, physAddr }: DirectMapRequest): void {
  const isPowerOfTwo = Number.isInteger(Math.log2(pageSize)) && pageSize >= BLOCK_POINTER_SIZE;
  if (!Number.isInteger(pgoff) || pgoff < 0 || !Number.isInteger(pages) || pages < 1) {
    throw new CramfsError('BAD_REQUEST', `cannot map ${pages} pages from page ${pgoff}`);
  }
  if (!isPowerOfTwo || !Number.isInteger(physAddr) || physAddr < 0) {
    throw new CramfsError(
      'BAD_REQUEST',
      `cannot map pages of ${pageSize} bytes at address ${physAddr}`,
    );
  }
}
