import {
  BLOCK_POINTER_SIZE,
  CramfsError,
  decodeBlockPointer,
  getU32,
  isZero,
  nextDirectPointer,
} from 'cramfs-format';
import { extentMap } from './extent-map.js';
import type { CramfsImage } from './image.js';
import {
  NOTHING,
  blocksOutside,
  type DirectMapRequest,
  type DirectMapResult,
  type MappedInode,
  type OutsideImage,
  type RunEnd,
} from './map-request.js';
import { hasExtendedPointers } from './superblock.js';
import type { Inode } from './types.js';

/** A start is kept in 30 bits, in units of four. */
const BUS_LIMIT = 2 ** 32;

/**
 * Which pages of a mapping come straight from ROM: the one place that knows the rule. It depends only on
 * image, inode and request, and neither changes nor inflates anything.
 *
 * With an MMU this is fs/cramfs/inode.c:cramfs_physmem_mmap(), without one
 * cramfs_physmem_get_unmapped_area(), which ignores the alignment and what follows the file's end (and is
 * called only for mappings that are not writable). Both are in force only where {@link usesPhysmemOperations}
 * holds. Like the kernel it takes `request.pageSize` for the block size and reads the pointers at
 * `inode.ino`, wherever they say the data is: the kernel compares neither with the image's size. Bytes beyond
 * the end of the input are zero.
 *
 * An image of a dialect with a kernel of its own is mapped by that kernel's rule: see {@link extentMap}.
 *
 * @throws CramfsError BAD_REQUEST for a request that no kernel can make.
 */
export function directMap(
  image: CramfsImage,
  inode: MappedInode,
  request: DirectMapRequest,
): DirectMapResult {
  checkRequest(request);
  const { kernel } = image.dialect;
  if (kernel !== undefined) return extentMap(image, inode, request, kernel);
  const { pgoff, pages, pageSize, physAddr, mmu, writable = false } = request;
  if (writable) return { ...NOTHING, bailout: 'vma is writable' };

  const maxPages = Math.ceil(contentSize(inode) / pageSize);
  const beyond = mmu ? pgoff >= maxPages : pages > maxPages - pgoff;
  if (beyond) {
    return { ...NOTHING, bailout: 'beyond file limit', ...(mmu ? {} : { errno: 'EINVAL' }) };
  }

  const romSize = request.romSize ?? wholePages(image.size, physAddr, pageSize);
  const range = blockRange(image, inode, {
    pgoff,
    pages: Math.min(pages, maxPages - pgoff),
    pageSize,
    romSize,
  });
  const { offset, run, runEnd } = range;
  const outside = range.outside ?? blocksOutside(image, inode, range, request);
  const found: DirectMapResult = {
    ...NOTHING,
    imageOffset: offset,
    run,
    ...(runEnd === undefined ? {} : { runEnd }),
    ...(outside === undefined ? {} : { outside }),
  };
  if (outside?.oops === true) return found;
  if (!mmu) {
    return offset === 0 || run !== pages
      ? { ...found, bailout: 'unsuitable block layout', errno: 'ENOSYS' }
      : { ...found, pages };
  }
  if (offset === 0) return { ...found, bailout: 'unsuitable block layout' };
  if ((physAddr + offset) % pageSize !== 0) {
    return { ...found, bailout: 'data is not page aligned' };
  }
  let lastPageShared = false;
  if (pgoff + run === maxPages && inode.size % pageSize !== 0) {
    const { lastBlock } = range;
    if (lastBlock + pageSize > romSize) {
      const last = { what: 'blocks', block: maxPages - 1, offset: lastBlock } as const;
      return { ...found, outside: { ...last, ...outside, oops: true } };
    }
    lastPageShared = isTailShared(image, inode, lastBlock, pageSize);
  }
  const mapped = lastPageShared ? run - 1 : run;
  return mapped === 0
    ? { ...found, lastPageShared, bailout: 'no suitable block remaining' }
    : { ...found, lastPageShared, pages: mapped };
}

/** Bytes from image byte 0 to the end of the page on the bus that has the last of `size` bytes. */
function wholePages(size: number, physAddr: number, pageSize: number): number {
  return Math.ceil((physAddr + size) / pageSize) * pageSize - physAddr;
}

/**
 * True if regular files of the image get the file operations that can map directly, given the
 * mount's bus address. Compare fs/cramfs/inode.c:get_cramfs_inode().
 */
export function usesPhysmemOperations(
  { superblock, dialect }: CramfsImage,
  physAddr: number,
): boolean {
  return physAddr !== 0 && (dialect.kernel !== undefined || hasExtendedPointers(superblock));
}

/**
 * True if the page of the image that holds the file's last bytes holds other data after them.
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
  const { bytes } = image;
  const end = Math.min(lastPage + pageSize, bytes.length);
  return lastPage + partial < end && !isZero(bytes.subarray(lastPage + partial, end));
}

interface BlockRange {
  /** Image offset of the first block; 0 if it is not direct. */
  readonly offset: number;
  readonly run: number;
  readonly runEnd: RunEnd | undefined;
  /** Image offset of the last block of the run, by its own pointer. */
  readonly lastBlock: number;
  /** The first pointer that is not in the image, if one was read. */
  readonly outside: OutsideImage | undefined;
}

/**
 * The run of direct, uncompressed, contiguous blocks from block `pgoff` on, at most `pages` of
 * them. Compare fs/cramfs/inode.c:cramfs_get_block_range(), which reads the pointers where the ROM is mapped,
 * without cramfs_read()'s check of the image's size.
 */
function blockRange(
  image: CramfsImage,
  inode: Pick<Inode, 'ino'>,
  {
    pgoff,
    pages,
    pageSize,
    romSize,
  }: Pick<DirectMapRequest, 'pgoff' | 'pages' | 'pageSize'> & { readonly romSize: number },
): BlockRange {
  const table = inode.ino + pgoff * BLOCK_POINTER_SIZE;
  let outside: OutsideImage | undefined;
  let offset = 0;
  let lastBlock = 0;
  let expected = 0;
  let run = 0;
  let runEnd: RunEnd | undefined;
  for (; run < pages; run += 1) {
    const at = table + run * BLOCK_POINTER_SIZE;
    if (at + BLOCK_POINTER_SIZE > image.size && outside === undefined) {
      const oops = at + BLOCK_POINTER_SIZE > romSize;
      outside = { what: 'pointers', block: pgoff + run, offset: at, oops };
      if (oops) return { offset: 0, run: 0, runEnd: undefined, lastBlock: 0, outside };
    }
    const raw = pointerAt(image, at);
    if (run === 0) {
      const pointer = decodeBlockPointer(raw);
      if (pointer.kind !== 'direct' || !pointer.uncompressed) {
        runEnd = endOfRun(raw);
        break;
      }
      offset = lastBlock = pointer.start;
    } else {
      if (raw !== expected) {
        runEnd = endOfRun(raw);
        break;
      }
      lastBlock = (lastBlock + pageSize) % BUS_LIMIT;
    }
    expected = nextDirectPointer(raw, pageSize);
  }
  return { offset, run, runEnd, lastBlock, outside };
}

/** @param raw the pointer at which a run stops. */
function endOfRun(raw: number): RunEnd {
  const pointer = decodeBlockPointer(raw);
  if (!pointer.uncompressed) return 'compressed or a hole';
  return pointer.kind === 'direct' ? 'not contiguous' : 'no direct pointer';
}

/** Content size as Linux sees it: 0 if the inode number shows that there is no data. */
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
