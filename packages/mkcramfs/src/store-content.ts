import { blockCount, concatBytes, isZero } from 'cramfs-format';
import type { BlockQueue, BlockSink } from './block-queue.js';
import type { ChunkStream } from './chunk-stream.js';
import { StoredBlock, hole, type Content } from './content.js';
import type { ResolvedOptions } from './options.js';
import { DIRECT_LENGTH_MAX, mustBeStream } from './planned-content.js';
import { storeInPlace } from './store-in-place.js';
import type { StoredContent } from './stored-content.js';
import { storedLength, storedStream } from './stored-stream.js';
import type { FilePlace } from './tree.js';
import { NOTHING_IN_PLACE } from './xip-policy.js';
import type { BlockRange, XipChoice } from './xip-ranges.js';

/** Stores XIP blocks and holes at once; the others come from `queue`, by its end. */
export async function storeContent(
  source: Uint8Array,
  { ranges, sections, alignment, padded }: XipChoice,
  options: ResolvedOptions,
  queue: BlockQueue,
  stored: StoredContent | undefined,
): Promise<Content> {
  const { blockSize, compat, extendedPointers } = options;
  const bytes = padded ? concatBytes([source, new Uint8Array(1)]) : source;
  const blocks = new Array<StoredBlock>(blockCount(bytes.length, blockSize));
  const content = contentOf(bytes.length, blocks, { ranges, sections, alignment }, options);
  const range = (first: number, end: number): Uint8Array =>
    bytes.subarray(first * blockSize, end * blockSize);
  storeInPlace(content, bytes, blockSize);
  for (const { first, end } of ranges) {
    if (content.xipCompressedSize === undefined) break;
    await queue.add(range(first, end), blockSize, first, (_, data, start, lengths) => {
      for (const length of lengths) content.xipCompressedSize! += length;
    });
  }
  stored?.blocks.forEach((block, index) => {
    // mkcramfs leaves traces of its attempt to compress the block: see StoredBlock.residue.
    if (compat === 'mkcramfs' && block.kind === 'uncompressed') return;
    const { kind, size, bytes: data } = block;
    blocks[index] ??= kind === 'hole' ? hole(size) : new StoredBlock(kind, size, data);
  });
  if (options.holes && stored === undefined) markHoles(blocks, bytes, blockSize);
  const missing = rangesToStore(blocks);
  // mkcramfs keeps the original of a block that does not compress, beside its compressed form.
  const plain = extendedPointers && compat !== undefined ? bytes.slice() : undefined;
  const sink = blockSink(content, plain, options);
  for (const { first, end } of missing) await queue.add(range(first, end), blockSize, first, sink);
  return content;
}

/**
 * Stores a file of which nothing is in place, and whose bytes need not be known here. Its blocks come from
 * `queue`, by its end.
 */
export async function storeUnread(
  place: FilePlace,
  size: number,
  options: ResolvedOptions,
  queue: BlockQueue,
  stream: ChunkStream | undefined,
): Promise<Content> {
  const { blockSize } = options;
  const count = blockCount(size, blockSize);
  const blocks = new Array<StoredBlock>(stream === undefined ? count : 0);
  const content = contentOf(size, blocks, NOTHING_IN_PLACE, options);
  const sink =
    stream === undefined
      ? blockSink(content, undefined, options)
      : stream.add(content, count, [{ first: 0, end: count }]);
  await queue.addFile(place, size, blockSize, sink);
  return content;
}

/** Has `stream` write a file of which nothing is in place, its blocks compressed by `queue`. */
export async function streamContent(
  bytes: Uint8Array,
  options: ResolvedOptions,
  queue: BlockQueue,
  stream: ChunkStream,
): Promise<Content> {
  const { blockSize, holes } = options;
  const blocks = new Array<StoredBlock>(blockCount(bytes.length, blockSize));
  if (holes) markHoles(blocks, bytes, blockSize);
  const content = contentOf(bytes.length, [], NOTHING_IN_PLACE, options);
  const ranges = rangesToStore(blocks);
  const sink = stream.add(content, blocks.length, ranges);
  for (const { first, end } of ranges) {
    await queue.add(bytes.subarray(first * blockSize, end * blockSize), blockSize, first, sink);
  }
  return content;
}

/** Makes holes of all blocks of zeros that are not stored yet. */
function markHoles(blocks: StoredBlock[], bytes: Uint8Array, blockSize: number): void {
  for (let index = 0; index < blocks.length; index += 1) {
    const block = bytes.subarray(index * blockSize, (index + 1) * blockSize);
    if (blocks[index] === undefined && isZero(block)) blocks[index] = hole(block.length);
  }
}

function contentOf(
  size: number,
  blocks: StoredBlock[],
  { ranges, sections, alignment }: Pick<XipChoice, 'ranges' | 'sections' | 'alignment'>,
  { measureXipCost }: ResolvedOptions,
): Content {
  return {
    size,
    blocks,
    xipRanges: ranges,
    sections,
    alignment,
    xipCompressedSize: measureXipCost ? 0 : undefined,
  };
}

/** Where blocks are not stored yet. */
function rangesToStore(blocks: readonly (StoredBlock | undefined)[]): BlockRange[] {
  const ranges: BlockRange[] = [];
  for (let first = 0; first < blocks.length;) {
    let end = first;
    while (end < blocks.length && blocks[end] === undefined) end += 1;
    if (end > first) ranges.push({ first, end });
    first = end + 1;
  }
  return ranges;
}

/**
 * Makes blocks of the compressed data; without the extension even of data that became larger.
 *
 * @param plain the file, if blocks keep their original beside the compressed form.
 */
function blockSink(
  content: Content,
  plain: Uint8Array | undefined,
  { blockSize, extendedPointers }: ResolvedOptions,
): BlockSink {
  const { size, blocks } = content;
  const sizeOf = (index: number): number => Math.min(blockSize, size - index * blockSize);
  const store = (index: number, data: Uint8Array, start: number, length: number): StoredBlock => {
    const blockLength = sizeOf(index);
    if (!extendedPointers || length < blockLength) {
      return new StoredBlock('compressed', blockLength, data, start, length);
    }
    if (mustBeStream(content, index, blockSize) && storedLength(length) <= DIRECT_LENGTH_MAX) {
      const stream = storedStream(data.subarray(start, start + length));
      return new StoredBlock('compressed', blockLength, stream);
    }
    if (plain === undefined) {
      return new StoredBlock('uncompressed', blockLength, data, start, length);
    }
    const residue = data.subarray(start + blockLength, start + length);
    const at = index * blockSize;
    return new StoredBlock('uncompressed', blockLength, plain, at, blockLength, residue);
  };
  return (first, data, start, lengths) => {
    let at = start;
    lengths.forEach((length, index) => {
      blocks[first + index] = store(first + index, data, at, length);
      at += length;
    });
  };
}
