import {
  BLOCK_POINTER_SIZE,
  CRAMFS_FLAG_HOLES,
  blockCount,
  isExtendedPointer,
  isZero,
  plural,
} from 'cramfs-format';
import { blockFault, locateBlock } from '../blocks.js';
import { hasExtendedPointers } from '../superblock.js';
import type { Block } from '../types.js';
import type { CheckContext } from './context.js';
import { pathOf, type CheckedEntry } from './entry.js';
import { checkProgram } from './nommu.js';

/**
 * How many times over an image may make us look at its own pointers, and at its own bytes. In a sound image
 * both are at most 1: tables do not overlap.
 */
const OVERLAP_BUDGET = 2;

/** Kernel fact K24, for what a mapping on ROM would need. */
const MAPPED_OUTSIDE = ': if Linux maps it on ROM, it may die in mmap(2) (K24)';

/**
 * Looks at every block pointer of a file or symlink with content, counts and places its blocks and
 * queues the compressed ones for inflating.
 */
export function surveyBlocks(context: CheckContext, entry: CheckedEntry): void {
  const { image, findings, extents } = context;
  const { dataOffset, size } = entry.inode;
  const count = blockCount(size, image.blockSize);
  const tableEnd = dataOffset + count * BLOCK_POINTER_SIZE;
  const extent = image.dialect.extent?.(image.bytes, entry.inode);
  if (extent !== undefined) {
    placeExtent(context, entry, extent);
    return;
  }
  if (tableEnd > image.size) {
    context.lose(entry);
    findings.add(
      'table-outside',
      `${count} block pointers at ${dataOffset} reach beyond the image's end at ${image.size}` +
        (hasExtendedPointers(image.superblock) && !image.isCutOff ? MAPPED_OUTSIDE : ''),
      { path: () => pathOf(entry), offset: dataOffset },
    );
    return;
  }
  if ((context.pointers + count) * BLOCK_POINTER_SIZE > OVERLAP_BUDGET * image.size) {
    context.giveUp('pointer tables');
    return;
  }
  context.pointers += count;
  extents.add('a pointer table', entry, dataOffset, tableEnd);
  let inPlace = 0;
  const usage: FlagUsage = { extended: undefined, hole: undefined };
  for (let index = 0; index < count; index += 1) {
    const block = locateBlock(image, entry.inode, index, count);
    if (isExtendedPointer(block.raw)) usage.extended ??= block;
    if (isSoundBlock(context, entry, block)) {
      if (block.kind === 'hole') usage.hole ??= block;
      placeBlock(context, entry, block);
      if (isInPlace(entry, block)) {
        if (inPlace === 0) addInPlaceFile(context, entry);
        inPlace += 1;
        context.inPlace.pages.add(index, block.start);
      }
      if (index === count - 1) checkLastBlock(context, entry, block);
    }
  }
  if (inPlace > 0) checkProgram(context, entry);
  checkFlags(context, entry, usage);
}

/** What Linux can map: see cramfs_get_block_range(). */
function isInPlace({ inode }: CheckedEntry, { direct, kind }: Block): boolean {
  return direct && kind === 'uncompressed' && inode.type === 'file';
}

function addInPlaceFile({ inPlace }: CheckContext, entry: CheckedEntry): void {
  inPlace.pages.addFile();
  inPlace.entries.push(entry);
}

/** First block of a file that needs a feature flag. */
interface FlagUsage {
  extended: Block | undefined;
  hole: Block | undefined;
}

/** A file in one piece, as some dialects have it: it has no block pointers. */
function placeExtent(context: CheckContext, entry: CheckedEntry, start: number): void {
  const { image, findings, blocks, extents } = context;
  const { size, entryOffset } = entry.inode;
  if (start + size > image.size) {
    context.lose(entry);
    findings.add(
      'block-outside',
      `${plural(size, 'byte')} from ${start} reach beyond the image's end at ${image.size}`,
      { path: () => pathOf(entry), offset: entryOffset },
    );
    return;
  }
  const count = blockCount(size, image.blockSize);
  context.pointers += count;
  blocks.uncompressed += count;
  blocks.direct += count;
  extents.add('an uncompressed block', entry, start, start + size);
}

function isSoundBlock(context: CheckContext, entry: CheckedEntry, block: Block): boolean {
  const { image, findings } = context;
  const fault = blockFault(image, block);
  if (fault === undefined) return true;
  const { index, start, length, pointerOffset } = block;
  const place = { path: () => pathOf(entry), offset: pointerOffset };
  if (fault === 'OUT_OF_RANGE') {
    context.lose(entry);
    findings.add(
      'block-outside',
      `block ${index}, ${plural(length, 'byte')} from ${start}, reaches beyond the image's end at ${image.size}` +
        (block.direct && block.kind === 'uncompressed' && !image.isCutOff ? MAPPED_OUTSIDE : ''),
      place,
    );
  } else {
    findings.add(
      'block-length',
      length < 0
        ? `block ${index} ends ${-length} bytes before its start at ${start}`
        : `block ${index} has ${plural(length, 'byte')}, more than Linux accepts`,
      place,
    );
  }
  return false;
}

function placeBlock(context: CheckContext, entry: CheckedEntry, block: Block): void {
  const { image, blocks, extents, findings, jobs } = context;
  const { index, kind, direct, length, size, start } = block;
  if (direct) blocks.direct += 1;
  if (kind === 'hole') {
    blocks.holes += 1;
    return;
  }
  extents.addBlock(entry, block);
  if (kind === 'compressed') {
    blocks.compressed += 1;
    if (jobs.bytes + length > OVERLAP_BUDGET * image.size) context.giveUp('blocks');
    else jobs.add(entry, index, block, direct);
    return;
  }
  blocks.uncompressed += 1;
  const place = { path: () => pathOf(entry), offset: start };
  if (length !== size) {
    findings.add(
      'block-wrong-length',
      `block ${index} holds ${plural(length, 'byte')}, the file needs ${size}`,
      place,
    );
  } else if (
    entry.inode.type === 'symlink' &&
    image.bytes.subarray(start, start + length).includes(0)
  ) {
    findings.add('symlink-nul', "the symlink's target holds a NUL", place);
  }
}

/**
 * Kernel fact K1: for the length of a direct uncompressed last block Linux takes the size of the
 * file modulo the page size, 0 for a file of whole pages: compare
 * fs/cramfs/inode.c:cramfs_read_folio().
 */
function checkLastBlock(
  { image, findings }: CheckContext,
  entry: CheckedEntry,
  block: Block,
): void {
  if (!block.direct || block.kind !== 'uncompressed') return;
  if (entry.inode.size % image.blockSize !== 0) return;
  // A block of zeros that reads as zeros is harmless.
  if (isZero(image.bytes.subarray(block.start, block.start + block.length))) return;
  findings.add(
    'k1-tail-reads-zero',
    `Linux reads the last block (${block.index}) as zeros, except through a direct mapping: ` +
      'it is direct and uncompressed, and the file ends with it',
    { path: () => pathOf(entry), offset: block.pointerOffset },
  );
}

function checkFlags(
  { image, findings }: CheckContext,
  entry: CheckedEntry,
  { extended, hole }: FlagUsage,
): void {
  if (extended !== undefined && !hasExtendedPointers(image.superblock)) {
    findings.add(
      'pointer-flags',
      `block ${extended.index} has an extended pointer, but the superblock does not announce any`,
      { path: () => pathOf(entry), offset: extended.pointerOffset },
    );
  }
  if (hole !== undefined && (image.superblock.flags & CRAMFS_FLAG_HOLES) === 0) {
    findings.add(
      'hole-without-flag',
      `block ${hole.index} is a hole, but the superblock does not announce any`,
      { path: () => pathOf(entry), offset: hole.pointerOffset },
    );
  }
}
