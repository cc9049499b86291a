import {
  BLOCK_POINTER_SIZE,
  DIRECT_LENGTH_SIZE,
  isCramfsError,
  type FileType,
} from 'cramfs-format';
import type { Block, CramfsImage, Inode } from 'cramfs-reader';
import { hasBlocks, pointerTable, readableBlocks, type Entries } from './entries.js';
import { mayBeInPlace, pagesOfFile } from './in-place.js';
import type { Kernel } from './kernel.js';

/**
 * All entries, with a column for each fact about them. A directory has the sums of its content; data that
 * several names share counts once.
 */
export interface TreeTable {
  /** Number of each entry's directory; -1 for the root, which is the first. */
  readonly parents: Int32Array;
  /** Byte strings. */
  readonly names: readonly string[];
  readonly types: readonly (FileType | undefined)[];
  /** Bytes of content. */
  readonly sizes: Float64Array;
  /** Bytes in the image: blocks, pointers, directory entries. */
  readonly stored: Float64Array;
  readonly pages: Float64Array;
  /** Pages that Linux maps from flash. */
  readonly inPlace: Float64Array;
  /** Pages that take RAM once they are used. */
  readonly ram: Float64Array;
  readonly modes: Uint16Array;
  readonly uids: Uint16Array;
  readonly gids: Uint16Array;
  /** Targets of symbolic links, byte strings, by number. */
  readonly targets: Readonly<Record<number, string>>;
  /** True for an entry that shares its data with an earlier one. */
  readonly shared: readonly boolean[];
  /** Directories, files and so on that could not be read, in words. */
  readonly problems: readonly string[];
}

interface Measured {
  readonly stored: number;
  readonly pages: number;
  readonly inPlace: number;
}

/** Measures every entry, and sums them up. */
export function treeTable(image: CramfsImage, entries: Entries, kernel: Kernel): TreeTable {
  const { list, problems } = entries;
  const count = list.length;
  const column = (): Float64Array => new Float64Array(count);
  const [sizes, stored, pages, inPlace, ram] = [column(), column(), column(), column(), column()];
  const targets: Record<number, string> = {};
  const budget = { pointers: (2 * image.size) / BLOCK_POINTER_SIZE };

  list.forEach(({ inode, first }, number) => {
    if (inode.type === 'directory') {
      stored[number] = inode.dataOffset === 0 ? 0 : inode.size;
      return;
    }
    if (!hasBlocks(inode)) return;
    sizes[number] = inode.size;
    if (first !== number) {
      for (const each of [stored, pages, inPlace, ram]) each[number] = each[first]!;
    } else {
      const measured = measure(image, inode, kernel, budget);
      stored[number] = measured.stored;
      pages[number] = measured.pages;
      inPlace[number] = measured.inPlace;
      ram[number] = measured.pages - measured.inPlace;
    }
    if (inode.type === 'symlink') targets[number] = targetOf(image, inode);
  });
  for (let number = count - 1; number > 0; number -= 1) {
    const { parent, first } = list[number]!;
    sizes[parent]! += sizes[number]!;
    if (first !== number) continue;
    for (const each of [stored, pages, inPlace, ram]) each[parent]! += each[number]!;
  }
  return {
    parents: Int32Array.from(list, ({ parent }) => parent),
    names: list.map(({ name }) => name),
    types: list.map(({ inode }) => inode.type),
    sizes,
    stored,
    pages,
    inPlace,
    ram,
    modes: Uint16Array.from(list, ({ inode }) => inode.mode),
    uids: Uint16Array.from(list, ({ inode }) => inode.uid),
    gids: Uint16Array.from(list, ({ inode }) => inode.gid),
    targets,
    shared: list.map(({ first }, number) => first !== number),
    problems: problems.map(({ message }) => message),
  };
}

function measure(
  image: CramfsImage,
  inode: Inode,
  kernel: Kernel,
  budget: { pointers: number },
): Measured {
  const pages = inode.type === 'file' ? Math.ceil(inode.size / image.blockSize) : 0;
  budget.pointers -= Math.ceil(inode.size / image.blockSize);
  if (budget.pointers < 0) return { stored: 0, pages, inPlace: 0 };
  const blocks = readableBlocks(image, inode);
  const table = pointerTable(image, inode);
  const stored = blocks.reduce((sum, block) => sum + storedBytes(block), 0);
  return {
    stored: stored + (table === undefined ? 0 : table[1] - table[0]),
    pages,
    inPlace: mayBeInPlace(inode, blocks) ? pagesOfFile(image, inode, kernel).directPages : 0,
  };
}

/** Bytes of the image that a block takes. */
export function storedBytes({ kind, direct, length }: Block): number {
  return length + (kind === 'compressed' && direct ? DIRECT_LENGTH_SIZE : 0);
}

function targetOf(image: CramfsImage, inode: Inode): string {
  try {
    return image.readlink(inode);
  } catch (error) {
    if (isCramfsError(error)) return '';
    throw error;
  }
}
