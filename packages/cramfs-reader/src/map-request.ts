import type { CramfsImage } from './image.js';
import type { Inode } from './types.js';

/**
 * Why nothing is mapped directly: in the words of fs/cramfs/inode.c:cramfs_physmem_mmap(), except the last
 * two, for kernels that have no words for it (see {@link extentMap}).
 */
export type Bailout =
  | 'vma is writable'
  | 'beyond file limit'
  | 'unsuitable block layout'
  | 'data is not page aligned'
  | 'no suitable block remaining'
  | 'the file is not sticky'
  | 'without an MMU this kernel copies files';

/** Why a block does not continue, or start, a run of blocks that can be mapped directly. */
export type RunEnd = 'no direct pointer' | 'compressed or a hole' | 'not contiguous';

/** One mmap of a regular file. */
export interface DirectMapRequest {
  /** First page of the file. */
  readonly pgoff: number;
  /** Length of the mapping, at least one page; may reach beyond the end of the file. */
  readonly pages: number;
  /** The kernel's, in bytes: a power of two. */
  readonly pageSize: number;
  /** Bus address of image byte 0. */
  readonly physAddr: number;
  readonly mmu: boolean;
  /** VM_WRITE: true for a private mapping with PROT_WRITE. */
  readonly writable?: boolean | undefined;
  /**
   * Bytes of ROM from image byte 0 to the end of what the kernel has mapped: the flash, not the image.
   * Default: the image's size, in whole pages.
   */
  readonly romSize?: number | undefined;
}

/** The fields of an inode that the answer depends on. */
export type MappedInode = Pick<Inode, 'ino' | 'type' | 'mode' | 'size' | 'dataOffset'>;

/** Something that a mapping would take from outside the image: kernel fact K24. */
export interface OutsideImage {
  /** Pointers that the kernel would read, or blocks that it would map. */
  readonly what: 'pointers' | 'blocks';
  /** First block of the file whose pointer, or whose data, is outside. */
  readonly block: number;
  /** Image offset of that pointer, or of the page that the block is in. */
  readonly offset: number;
  /** True if the kernel itself reads beyond the ROM there: it dies in mmap(2). */
  readonly oops: boolean;
}

export interface DirectMapResult {
  /** Leading pages of the mapping that come from ROM; without MMU all or none. */
  readonly pages: number;
  /** Image offset of the first of them; 0 if the first block is not direct. */
  readonly imageOffset: number;
  /** Direct, uncompressed and contiguous blocks found from `pgoff` on, within the request. */
  readonly run: number;
  /** Why block `pgoff + run` is not part of the run; undefined if the run is as long as requested. */
  readonly runEnd?: RunEnd;
  /** True if the run's last page was given up because other data follows the file's end. */
  readonly lastPageShared: boolean;
  readonly bailout?: Bailout;
  /** Without MMU: what get_unmapped_area answers. The kernel falls back to a copy on ENOSYS only. */
  readonly errno?: 'EINVAL' | 'ENOSYS';
  /** Set if pointers or blocks are outside the image; `pages` is what the kernel maps all the same. */
  readonly outside?: OutsideImage;
}

/** The answer where nothing is mapped directly. */
export const NOTHING = { pages: 0, imageOffset: 0, run: 0, lastPageShared: false } as const;

/** The first block of a run that is not wholly in the image, if there is one. */
export function blocksOutside(
  image: CramfsImage,
  inode: Pick<Inode, 'size'>,
  { offset: start, run }: { readonly offset: number; readonly run: number },
  { pgoff, pageSize }: DirectMapRequest,
): OutsideImage | undefined {
  const inside = Math.max(0, Math.floor((image.size - start) / pageSize));
  if (inside >= run) return undefined;
  const block = pgoff + inside;
  const offset = start + inside * pageSize;
  // In the last page only the bytes of the file must be in the image.
  if (offset + Math.min(pageSize, inode.size - block * pageSize) <= image.size) return undefined;
  return { what: 'blocks', block, offset, oops: false };
}
