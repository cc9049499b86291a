import { BLOCK_POINTER_SIZE, isCramfsError, type CramfsError } from 'cramfs-format';
import type { Block, CramfsImage, Inode } from 'cramfs-reader';

/** Most entries that the page shows. */
const MAX_ENTRIES = 1_000_000;

/** How often the bytes of an image may be read as pointers: at most once in a sound image. */
const OVERLAP_BUDGET = 2;

/** A name in the image. */
export interface Entry {
  /** Number of its directory; -1 for the root. Directories come before their entries. */
  readonly parent: number;
  /** Byte strings. */
  readonly name: string;
  readonly inode: Inode;
  /**
   * The number of the first entry with the same pointers, or its own number, as for empty files and anything
   * that is not a file.
   */
  readonly first: number;
}

/** All entries with a name. */
export interface Entries {
  readonly list: readonly Entry[];
  /** Errors of parts that could not be read, with the path set. */
  readonly problems: readonly CramfsError[];
}

/** Goes through the whole readable tree. */
export function listEntries(image: CramfsImage): Entries {
  const list: Entry[] = [];
  const problems: CramfsError[] = [];
  const firsts = new Map<string, number>();
  /** Directories on the way to the last entry, by the length of their paths. */
  const open: { readonly path: string; readonly number: number }[] = [];
  const walk = image.walk(image.root, { onError: (error) => problems.push(error) });
  for (const { path, name, inode } of walk) {
    const number = list.length;
    if (number >= MAX_ENTRIES) break;
    while (open.length > 0 && !isBelow(path, name, open.at(-1)!.path)) open.pop();
    const key = dataKey(inode);
    const first = key === undefined ? number : (firsts.get(key) ?? number);
    if (key !== undefined && first === number) firsts.set(key, number);
    list.push({ parent: open.at(-1)?.number ?? -1, name, inode, first });
    if (inode.type === 'directory') open.push({ path, number });
  }
  return { list, problems };
}

function isBelow(path: string, name: string, directory: string): boolean {
  const parent = path.length - name.length - 1;
  return parent === (directory === '/' ? 0 : directory.length) && path.startsWith(directory);
}

/** Inodes with the same key have the same pointers. */
function dataKey({ type, dataOffset, size }: Inode): string | undefined {
  if ((type !== 'file' && type !== 'symlink') || size === 0) return undefined;
  return `${type},${dataOffset},${size}`;
}

/** The path of an entry, a byte string. */
export function pathOf({ list }: Entries, number: number): string {
  const names: string[] = [];
  for (let at = number; at > 0 && list[at] !== undefined; at = list[at]!.parent) {
    names.push(list[at]!.name);
  }
  return `/${names.reverse().join('/')}`;
}

/** The number of the entry with a path, without following links; undefined if there is none. */
export function entryAt({ list }: Entries, path: string): number | undefined {
  const wanted = path.split('/').filter((name) => name !== '');
  let at = 0;
  for (const name of wanted) {
    at = list.findIndex((entry, index) => index > 0 && entry.parent === at && entry.name === name);
    if (at < 0) return undefined;
  }
  return at;
}

/** The blocks of all files, each table once; gives up where tables overlap without end. */
export function* blocksOfEntries(
  image: CramfsImage,
  { list }: Entries,
): Generator<{ readonly number: number; readonly blocks: readonly Block[] }> {
  let budget = (OVERLAP_BUDGET * image.size) / BLOCK_POINTER_SIZE;
  for (let number = 0; number < list.length; number += 1) {
    const { first, inode } = list[number]!;
    if (first !== number || !hasBlocks(inode)) continue;
    budget -= Math.ceil(inode.size / image.blockSize);
    if (budget < 0) return;
    yield { number, blocks: readableBlocks(image, inode) };
  }
}

export function hasBlocks({ type, size }: Inode): boolean {
  return (type === 'file' || type === 'symlink') && size > 0;
}

/** The blocks of a file that can be located. */
export function readableBlocks(image: CramfsImage, inode: Inode): Block[] {
  const blocks: Block[] = [];
  let count = 0;
  try {
    count = image.blockCount(inode);
  } catch (error) {
    if (!isCramfsError(error)) throw error;
  }
  for (let index = 0; index < count; index += 1) {
    try {
      blocks.push(image.block(inode, index));
    } catch (error) {
      if (!isCramfsError(error)) throw error;
    }
  }
  return blocks;
}

/**
 * Where the pointers of a file are; undefined if it has none, as in dialects that store files in one piece.
 */
export function pointerTable(
  image: CramfsImage,
  inode: Inode,
): readonly [start: number, end: number] | undefined {
  if (!hasBlocks(inode) || inode.dataOffset === 0) return undefined;
  if (image.dialect.extent?.(image.bytes, inode) !== undefined) return undefined;
  const count = Math.ceil(inode.size / image.blockSize);
  return [inode.dataOffset, Math.min(image.size, inode.dataOffset + BLOCK_POINTER_SIZE * count)];
}
