import { alignUp, isCramfsError } from 'cramfs-format';
import { EXTENT_ALIGNMENT } from '../dialects/sticky-files.js';
import type { CramfsImage } from '../image.js';
import type { Block, Inode } from '../types.js';

/** Entries that are looked at. */
const MAX_ENTRIES = 4000;
/** How many files and symlinks are tried, and blocks of each. */
const MAX_FILES = 64;
const MAX_BLOCKS = 4;

/** How much of an image makes sense: more is higher; 0 if nothing does. */
export interface Soundness {
  readonly entries: number;
  /** Compressed blocks that inflate: more than a coincidence. */
  readonly blocks: number;
  /** Symlinks that have a target of printable characters. */
  readonly targets: number;
  /** Files in one piece that zeros follow, up to the next page. */
  readonly tails: number;
}

/** Looks at directories, and tries the content of some files and symlinks. */
export function soundness(image: CramfsImage): Soundness {
  const content: Inode[] = [];
  let entries = 0;
  for (const { inode } of image.walk(image.root, { onError: () => undefined })) {
    if (entries >= MAX_ENTRIES) break;
    if (inode.type === undefined) continue;
    entries += 1;
    if ((inode.type === 'file' || inode.type === 'symlink') && inode.size > 0) content.push(inode);
  }
  const step = Math.max(1, Math.floor(content.length / MAX_FILES));
  let blocks = 0;
  let targets = 0;
  let tails = 0;
  for (let index = 0; index < content.length; index += step) {
    const inode = content[index]!;
    blocks += inflatedBlocks(image, inode, MAX_BLOCKS);
    if (inode.type === 'symlink' && hasTarget(image, inode)) targets += 1;
    if (hasEmptyTail(image, inode)) tails += 1;
  }
  return { entries, blocks, targets, tails };
}

/** One number to compare with. */
export function soundnessScore({ entries, blocks, targets, tails }: Soundness): number {
  return entries + 4 * blocks + 2 * (targets + tails);
}

/** How many of the first compressed blocks of a file inflate. */
export function inflatedBlocks(image: CramfsImage, inode: Inode, limit: number): number {
  const count = attempt(() => image.blockCount(inode)) ?? 0;
  let inflated = 0;
  for (let index = 0; index < Math.min(count, limit); index += 1) {
    const block = readableBlock(image, inode, index);
    if (block?.kind === 'compressed') inflated += 1;
  }
  return inflated;
}

/** A block whose content can be read; undefined if it cannot. */
export function readableBlock(image: CramfsImage, inode: Inode, index: number): Block | undefined {
  return attempt(() => {
    image.readBlock(inode, index);
    return image.block(inode, index);
  });
}

function hasTarget(image: CramfsImage, inode: Inode): boolean {
  const target = attempt(() => image.readlink(inode));
  return target !== undefined && /^[ -~\x80-\xff]+$/.test(target);
}

/** Less is chance. */
const LEAST_TAIL = 16;

function hasEmptyTail({ bytes, dialect }: CramfsImage, inode: Inode): boolean {
  const extent = inode.type === 'file' ? dialect.extent?.(bytes, inode) : undefined;
  if (extent === undefined) return false;
  const end = extent + inode.size;
  const tail = bytes.subarray(end, alignUp(end, EXTENT_ALIGNMENT));
  return tail.length >= LEAST_TAIL && tail.every((byte) => byte === 0);
}

/** What `action` gives; undefined if the image is damaged there. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (isCramfsError(error)) return undefined;
    throw error;
  }
}
