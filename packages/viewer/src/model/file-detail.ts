import { formatMode, isCramfsError, nameToText, type FileType } from 'cramfs-format';
import type { CramfsImage, Inode, SegmentExplanation } from 'cramfs-reader';
import { explainRange } from 'cramfs-reader';
import { pointerTable } from './entries.js';
import { pagesOfFile, type PagesOfFile } from './in-place.js';
import { explainOptions, type Kernel } from './kernel.js';

/** Kinds of blocks, by number. */
export const BLOCK_KINDS = ['hole', 'compressed', 'uncompressed', 'unreadable'] as const;
export type BlockKind = (typeof BLOCK_KINDS)[number];

/** The block pointers of a file, with a column for each fact about them. */
export interface BlockTable {
  readonly raw: Uint32Array;
  /** Image offset of each pointer. */
  readonly pointerOffsets: Uint32Array;
  /** Numbers of {@link BLOCK_KINDS}. */
  readonly kinds: Uint8Array;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
  /** Bytes of the file in each block. */
  readonly sizes: Uint32Array;
  /** Why a block cannot be read, by its number. */
  readonly problems: Readonly<Record<number, string>>;
}

/**
 * What Linux does with a page: maps it from flash, would do so if the page were mapped alone, or does not.
 */
export const PAGE_STATES = ['ram', 'alone', 'direct'] as const;
export type PageState = (typeof PAGE_STATES)[number];

export interface PageTable {
  /** Numbers of {@link PAGE_STATES}. */
  readonly states: Uint8Array;
  readonly directPages: number;
  /** Why pages are not mapped, in the kernel's own words where there are any. */
  readonly reasons: readonly string[];
  /** For each page the number of its reason; -1 if there is none. */
  readonly reasonOf: Int16Array;
}

/** A part of a program that its loader maps. */
export interface SegmentRow extends Pick<
  SegmentExplanation,
  | 'name'
  | 'flags'
  | 'offset'
  | 'filesz'
  | 'vaddr'
  | 'pgoff'
  | 'pages'
  | 'directPages'
  | 'ramPages'
  | 'reason'
  | 'hazard'
> {
  readonly romStart: number | undefined;
  readonly romEnd: number | undefined;
}

export interface FileDetail {
  /** A byte string, and as text. */
  readonly path: string;
  readonly text: string;
  readonly type: FileType | undefined;
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly ino: number;
  readonly entryOffset: number;
  readonly dataOffset: number;
  readonly target: string | undefined;
  readonly device: string | undefined;
  /** Where the pointer table is. */
  readonly table: readonly [start: number, end: number] | undefined;
  readonly blocks: BlockTable | undefined;
  /** Of a regular file. */
  readonly pages: PageTable | undefined;
  readonly reason: string | undefined;
  readonly tail: string | undefined;
  readonly format: string | undefined;
  readonly segments: readonly SegmentRow[];
  /** Why nothing more can be said about the file. */
  readonly problem: string | undefined;
}

/**
 * Everything about one name.
 *
 * @param path a byte string; a symbolic link at its end is not followed.
 * @throws CramfsError NOT_FOUND and what reading directories throws.
 */
export function fileDetail(image: CramfsImage, path: string, kernel: Kernel): FileDetail {
  const inode = image.lookup(path, { followSymlinks: false });
  const { type, mode, uid, gid, size, ino, entryOffset, dataOffset, rdev } = inode;
  const isContent = type === 'file' || type === 'symlink';
  const { blocks, problem } = isContent
    ? blockTable(image, inode)
    : { blocks: undefined, problem: undefined };
  const pages = type === 'file' ? pagesOfFile(image, inode, kernel) : undefined;
  const { explanation } = pages ?? {};
  return {
    path,
    text: nameToText(path),
    type,
    mode: formatMode(mode),
    uid,
    gid,
    size: rdev === undefined ? size : 0,
    ino,
    entryOffset,
    dataOffset,
    target: type === 'symlink' ? targetText(image, inode) : undefined,
    device: rdev === undefined ? undefined : `${rdev.major}, ${rdev.minor}`,
    table: pointerTable(image, inode),
    blocks,
    pages: pages === undefined ? undefined : pageTable(image, inode, kernel, pages),
    reason: explanation?.reason,
    tail: explanation?.tail,
    format: explanation?.format,
    segments: (explanation?.segments ?? []).map(segmentRow),
    problem,
  };
}

function segmentRow(segment: SegmentExplanation): SegmentRow {
  const { name, flags, offset, filesz, vaddr, pgoff, pages, directPages } = segment;
  const { ramPages, reason, hazard, romStart, romEnd } = segment;
  return {
    ...{ name, flags, offset, filesz, vaddr, pgoff, pages, directPages },
    ...{ ramPages, reason, hazard, romStart, romEnd },
  };
}

function targetText(image: CramfsImage, inode: Inode): string | undefined {
  try {
    return nameToText(image.readlink(inode));
  } catch (error) {
    if (isCramfsError(error)) return undefined;
    throw error;
  }
}

function blockTable(
  image: CramfsImage,
  inode: Inode,
): { readonly blocks: BlockTable | undefined; readonly problem: string | undefined } {
  let count: number;
  try {
    count = image.blockCount(inode);
  } catch (error) {
    if (isCramfsError(error)) return { blocks: undefined, problem: error.message };
    throw error;
  }
  const column = (): Uint32Array => new Uint32Array(count);
  const problems: Record<number, string> = {};
  const blocks = {
    raw: column(),
    pointerOffsets: column(),
    kinds: new Uint8Array(count),
    starts: column(),
    lengths: column(),
    sizes: column(),
    problems,
  };
  for (let index = 0; index < count; index += 1) {
    try {
      const block = image.block(inode, index);
      blocks.raw[index] = block.raw;
      blocks.pointerOffsets[index] = block.pointerOffset;
      blocks.kinds[index] = BLOCK_KINDS.indexOf(block.kind);
      blocks.starts[index] = block.start;
      blocks.lengths[index] = block.length;
      blocks.sizes[index] = block.size;
    } catch (error) {
      if (!isCramfsError(error)) throw error;
      blocks.kinds[index] = BLOCK_KINDS.indexOf('unreadable');
      blocks.pointerOffsets[index] = inode.dataOffset + 4 * index;
      blocks.raw[index] = image.view.getUint32(
        inode.dataOffset + 4 * index,
        image.endianness === 'little',
      );
      problems[index] = error.message;
    }
  }
  return { blocks, problem: undefined };
}

function pageTable(
  image: CramfsImage,
  inode: Inode,
  kernel: Kernel,
  { pages, direct, directPages, explanation }: PagesOfFile,
): PageTable {
  const options = explainOptions(image, kernel);
  const numbers = new Map<string, number>();
  const states = new Uint8Array(pages);
  const reasonOf = new Int16Array(pages).fill(-1);
  for (let page = 0; page < pages; page += 1) {
    if (direct[page] === 1) {
      states[page] = PAGE_STATES.indexOf('direct');
      continue;
    }
    const part = explanation.segments?.find(
      ({ pgoff, pages: length }) => page >= pgoff && page < pgoff + length,
    );
    const alone = explainRange(image, inode, { pgoff: page, pages: 1, writable: false }, options);
    const mapsAlone = alone.directPages === 1;
    states[page] = PAGE_STATES.indexOf(mapsAlone ? 'alone' : 'ram');
    const reason = (mapsAlone ? undefined : alone.reason) ?? part?.reason ?? explanation.reason;
    if (reason === undefined) continue;
    if (!numbers.has(reason)) numbers.set(reason, numbers.size);
    reasonOf[page] = numbers.get(reason)!;
  }
  return { states, directPages, reasons: [...numbers.keys()], reasonOf };
}
