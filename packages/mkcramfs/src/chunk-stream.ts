import {
  BLOCK_POINTER_SIZE,
  CRAMFS_OFFSET_LIMIT,
  InvariantError,
  alignUp,
  encodeBlockPointer,
  setU32,
  type Endianness,
} from 'cramfs-format';
import type { BlockSink } from './block-queue.js';
import type { Content } from './content.js';
import type { Crc32, ImageSink } from './image-sink.js';
import type { Chunk } from './layout/layout.js';
import type { ResolvedOptions } from './options.js';
import { SequentialSink } from './sequential-sink.js';
import type { BlockRange } from './xip-ranges.js';

/** Compressed blocks of a file that follow each other in memory. */
interface StreamedPiece {
  /** Index of the first of them. */
  readonly first: number;
  readonly data: Uint8Array;
  readonly start: number;
  readonly length: number;
}

/** A chunk some of whose blocks may not be compressed yet. */
interface PendingChunk {
  readonly content: Content;
  /** Bytes of each block; 0 for a hole. */
  readonly lengths: Uint32Array;
  readonly pieces: StreamedPiece[];
  readonly holes: number;
  /** Blocks that are not compressed yet. */
  missing: number;
}

/**
 * True if the place of a chunk follows from the chunks before it: nothing is shared between chunks or kept out
 * of them, and no other tool's order is asked for.
 */
export function placesInOrder(options: ResolvedOptions): boolean {
  const { compat, dialect, extendedPointers, reuse, swapWords } = options;
  return (
    compat === undefined &&
    dialect === undefined &&
    !extendedPointers &&
    !reuse &&
    swapWords === undefined
  );
}

/**
 * Writes chunks while others are still being compressed, and lets go of their blocks' bytes: an image that
 * {@link placesInOrder} is never in memory. Every content has one chunk here, all of whose pointers are
 * ordinary ones, so that nothing has to be remembered of single blocks but their lengths.
 */
export class ChunkStream {
  /** The chunks of all contents that are complete. */
  readonly chunks = new Map<Content, Chunk>();
  private readonly pending: PendingChunk[] = [];
  private next = 0;
  private position: number;
  private readonly sink: SequentialSink;
  private readonly endianness: Endianness;
  private readonly end: number;
  /** Told of the memory of each {@link BlockSink}'s part that was written. */
  giveBack: (data: Uint8Array) => void = () => undefined;
  /** A chunk did not fit: it was not written, nor are those after it. */
  private isFull = false;

  /** @param start where the first chunk goes. What is before it is written as zeros. */
  constructor(start: number, options: ResolvedOptions, sink: ImageSink, crc32: Crc32) {
    this.position = start;
    this.endianness = options.endianness;
    this.end = options.maxSize;
    sink.write(new Uint8Array(start));
    this.sink = new SequentialSink(sink, crc32, start);
  }

  /**
   * Adds a content: its chunk follows that of the content added before.
   *
   * @param blocks how many it has; those outside of `ranges` are holes.
   * @returns what takes the blocks of the ranges.
   */
  add(content: Content, blocks: number, ranges: readonly BlockRange[]): BlockSink {
    const missing = ranges.reduce((sum, { first, end }) => sum + end - first, 0);
    const lengths = new Uint32Array(blocks);
    const chunk = { content, lengths, pieces: [], holes: blocks - missing, missing };
    this.pending.push(chunk);
    if (missing === 0) this.writeComplete();
    return (first, data, start, stored) => {
      this.store(chunk, first, data, start, stored);
    };
  }

  /**
   * Fills the image up to its `size` with zeros.
   *
   * @returns the checksum of what follows the start.
   * @throws InvariantError if not everything has been written.
   */
  finish(size: number): number {
    if (this.isFull || this.next < this.pending.length) {
      throw new InvariantError('an image is completed whose chunks are not written');
    }
    this.sink.fillTo(size);
    return this.sink.finish();
  }

  private store(
    chunk: PendingChunk,
    first: number,
    data: Uint8Array,
    start: number,
    stored: readonly number[],
  ): void {
    chunk.lengths.set(stored, first);
    const length = stored.reduce((sum, bytes) => sum + bytes, 0);
    chunk.pieces.push({ first, data, start, length });
    chunk.missing -= stored.length;
    if (chunk.missing === 0) this.writeComplete();
  }

  private writeComplete(): void {
    for (; this.pending[this.next]?.missing === 0; this.next += 1) {
      this.write(this.pending[this.next]!);
    }
  }

  private write({ content, lengths, pieces, holes }: PendingChunk): void {
    const { position } = this;
    const pointerCount = lengths.length;
    const tableSize = pointerCount * BLOCK_POINTER_SIZE;
    const size = alignUp(
      pieces.reduce((end, { length }) => end + length, tableSize),
      4,
    );
    const counts = { ...NO_BLOCKS, compressed: pointerCount - holes, holes };
    this.chunks.set(content, { position, content, counts, pointerCount, runs: [], size });
    this.position += size;
    // What is too large is refused when its size is known: no disk needs to be filled before that.
    this.isFull ||= position >= CRAMFS_OFFSET_LIMIT || this.position > this.end;
    if (!this.isFull) {
      this.sink.writeAt(position, pointerTable(lengths, position + tableSize, this.endianness));
      let at = position + tableSize;
      for (const { data, start, length } of pieces.sort((a, b) => a.first - b.first)) {
        this.sink.writeAt(at, data.subarray(start, start + length));
        at += length;
      }
    }
    for (const { data } of pieces) this.giveBack(data);
  }
}

const NO_BLOCKS = { compressed: 0, uncompressed: 0, holes: 0, xip: 0, direct: 0, shared: 0 };

/** The ordinary pointers to blocks of such lengths, one after the other from `start` on. */
function pointerTable(lengths: Uint32Array, start: number, endianness: Endianness): Uint8Array {
  const table = new Uint8Array(lengths.length * BLOCK_POINTER_SIZE);
  const view = new DataView(table.buffer);
  let end = start;
  lengths.forEach((length, block) => {
    end += length;
    const pointer = encodeBlockPointer({ kind: 'end', end, uncompressed: false });
    setU32(view, block * BLOCK_POINTER_SIZE, pointer, endianness);
  });
  return table;
}
