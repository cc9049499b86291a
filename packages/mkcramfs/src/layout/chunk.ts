import {
  BLOCK_POINTER_SIZE,
  DIRECT_ALIGNMENT,
  DIRECT_LENGTH_SIZE,
  InvariantError,
  alignUp,
} from 'cramfs-format';
import { lastBlockIsFull, type Content } from '../content.js';
import type { BlockShares } from './block-shares.js';
import type {
  Anchor,
  BlockCounts,
  Piece,
  Place,
  PointerSpec,
  Run,
  UnwrittenChunk,
} from './layout.js';

/**
 * Lays out one chunk: the pointer table and, after it, the blocks that are neither holes, nor in
 * a run, nor stored by an earlier chunk.
 *
 * An ordinary pointer works only where the block before ends right here; after a run or a shared
 * block the next one must be direct. Compare Linux's fs/cramfs/inode.c:cramfs_read_folio().
 */
export function buildChunk(
  content: Content,
  runs: readonly Run[],
  shares: BlockShares | undefined,
  blockSize: number,
): UnwrittenChunk {
  const pointers: PointerSpec[] = [];
  const pieces: Piece[] = [];
  /** Pointers lead to it before the rest of it is known. */
  const chunk: Anchor = { position: -1 };
  let here = content.blocks.length * BLOCK_POINTER_SIZE;
  /** Where Linux expects the next block with an ordinary pointer to start. */
  let expected: Place = { anchor: chunk, offset: here };
  const lastIsFull = lastBlockIsFull(content, blockSize);
  const starts = sectionStarts(content);
  /** Nothing of the section is stored yet: its size must not depend on the sections before it. */
  let isFresh = false;

  const direct = ({ anchor, offset }: Place, uncompressed: boolean, length: number): void => {
    pointers.push({ kind: 'direct', anchor, offset, uncompressed });
    expected = {
      anchor,
      offset: offset + (uncompressed ? blockSize : DIRECT_LENGTH_SIZE + length),
    };
  };
  const end = ({ anchor, offset }: Place, uncompressed: boolean): void => {
    const pointer = { kind: 'end', anchor, offset, uncompressed } as const;
    pointers.push(pointer);
    expected = pointer;
  };

  content.blocks.forEach((block, index) => {
    if (starts.has(index)) isFresh = true;
    if (block.kind === 'hole') {
      end(expected, false);
      return;
    }
    const run = runs.find(({ first, count }) => index >= first && index < first + count);
    if (run !== undefined) {
      direct({ anchor: run, offset: (index - run.first) * blockSize }, true, block.size);
      return;
    }
    if (runs.some(({ tailBlock }) => index === tailBlock)) {
      end({ anchor: expected.anchor, offset: expected.offset + blockSize }, true);
      return;
    }
    const { length } = block;
    const uncompressed = block.kind === 'uncompressed';
    const shared = shares?.get(content, block);
    if (shared?.place !== undefined) {
      direct(shared.place, uncompressed, length);
      return;
    }
    if (shared === undefined && !isFresh && isAt(expected, chunk, here)) {
      pieces.push({ offset: here, block, lengthPrefix: false });
      here += length;
      end({ anchor: chunk, offset: here }, uncompressed);
      return;
    }
    if (uncompressed && lastIsFull && index === content.blocks.length - 1) {
      throw new InvariantError('a full uncompressed last block cannot be direct (kernel fact K1)');
    }
    isFresh = false;
    here = alignUp(here, DIRECT_ALIGNMENT);
    const place = { anchor: chunk, offset: here };
    if (!uncompressed) here += DIRECT_LENGTH_SIZE;
    pieces.push({ offset: here, block, lengthPrefix: !uncompressed });
    here += length;
    direct(place, uncompressed, length);
    if (shared !== undefined) shared.place = place;
  });
  return completeChunk(chunk, { content, pointers, pieces, runs }, here);
}

/**
 * Makes a chunk of the anchor that its pointers lead to.
 *
 * @param end of its last byte, from its position on.
 */
export function completeChunk(
  anchor: Anchor,
  parts: Pick<UnwrittenChunk, 'content' | 'pointers' | 'pieces' | 'runs'>,
  end: number,
): UnwrittenChunk {
  const { content, pointers, pieces } = parts;
  return Object.assign(anchor, {
    ...parts,
    counts: countBlocks(content, pointers, pieces),
    pointerCount: pointers.length,
    size: alignUp(end, 4),
  });
}

/** Counts the blocks of a chunk. */
export function countBlocks(
  { blocks }: Content,
  pointers: readonly PointerSpec[],
  pieces: readonly Piece[],
): BlockCounts {
  const counts = { hole: 0, compressed: 0, uncompressed: 0, xip: 0 };
  for (const { kind } of blocks) counts[kind] += 1;
  let direct = 0;
  for (const { kind } of pointers) if (kind === 'direct') direct += 1;
  const { hole: holes, compressed, uncompressed, xip } = counts;
  const shared = Math.max(0, compressed + uncompressed - pieces.length);
  return { compressed, uncompressed, holes, xip, direct, shared };
}

/** Where a section of a plan starts or ends, except at the first block. */
function sectionStarts({ sections }: Content): ReadonlySet<number> {
  return new Set(sections.flatMap(({ first, end }) => [first, end]).filter((index) => index > 0));
}

function isAt(place: Place, anchor: Anchor, offset: number): boolean {
  return place.anchor === anchor && place.offset === offset;
}

/**
 * The runs of a content. A full last block that does not compress and follows a run is stored at
 * the end of that run, but with an ordinary pointer: it may not be direct (kernel fact K1).
 */
export function buildRuns(content: Content, blockSize: number): Run[] {
  return content.xipRanges.map(({ first, end }) => {
    const count = end - first;
    const tailBlock = tailBehindRun(content, end, blockSize);
    const indexes = Array.from({ length: count }, (_, index) => first + index);
    if (tailBlock !== undefined) indexes.push(tailBlock);
    const blocks = indexes.map((index) => content.blocks[index]!);
    const size = blocks.reduce((sum, { length }) => sum + length, 0);
    return { position: -1, content, first, count, tailBlock, blocks, size };
  });
}

function tailBehindRun(content: Content, end: number, blockSize: number): number | undefined {
  const index = content.blocks.length - 1;
  if (index < end || content.blocks[index]!.kind !== 'uncompressed') return undefined;
  if (!lastBlockIsFull(content, blockSize)) return undefined;
  return content.blocks.slice(end, index).every(({ kind }) => kind === 'hole') ? index : undefined;
}
