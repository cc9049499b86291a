import { CRAMFS_OFFSET_LIMIT, InvariantError, type Endianness } from 'cramfs-format';
import type { Content } from './content.js';
import type { Crc32, ImageSink } from './image-sink.js';
import { buildChunk } from './layout/chunk.js';
import type { Chunk } from './layout/layout.js';
import type { ResolvedOptions } from './options.js';
import { SequentialSink } from './sequential-sink.js';
import { writeChunk } from './write-chunk.js';

/** A content some of whose blocks may not be compressed yet. */
export interface PendingContent {
  readonly content: Content;
  /** Blocks that are not stored yet. */
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
 * {@link placesInOrder} is never in memory. Every content has one chunk here.
 */
export class ChunkStream {
  /** The chunks of all contents that are complete. Of their pointers and pieces only the first is kept. */
  readonly chunks = new Map<Content, Chunk>();
  private readonly pending: PendingContent[] = [];
  private next = 0;
  private position: number;
  private readonly sink: SequentialSink;
  private readonly endianness: Endianness;
  private readonly blockSize: number;
  private readonly end: number;
  /** Told of the memory of each block that was written. */
  giveBack: (data: Uint8Array) => void = () => undefined;
  /** A chunk did not fit: it was not written, nor are those after it. */
  private isFull = false;

  /** @param start where the first chunk goes. What is before it is written as zeros. */
  constructor(start: number, options: ResolvedOptions, sink: ImageSink, crc32: Crc32) {
    const { endianness, blockSize, maxSize } = options;
    this.position = start;
    this.endianness = endianness;
    this.blockSize = blockSize;
    this.end = maxSize;
    sink.write(new Uint8Array(start));
    this.sink = new SequentialSink(sink, crc32, start);
  }

  /** Adds a content: its chunk follows that of the content added before. */
  add(content: Content, missing: number): PendingContent {
    const pending = { content, missing };
    this.pending.push(pending);
    if (missing === 0) this.writeComplete();
    return pending;
  }

  /** Tells that one more block of a content is stored. */
  stored(pending: PendingContent): void {
    pending.missing -= 1;
    if (pending.missing === 0) this.writeComplete();
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

  private writeComplete(): void {
    for (; this.pending[this.next]?.missing === 0; this.next += 1) {
      this.write(this.pending[this.next]!.content);
    }
  }

  private write(content: Content): void {
    const chunk = buildChunk(content, [], undefined, this.blockSize);
    chunk.position = this.position;
    this.chunks.set(content, chunk);
    this.position += chunk.size;
    // What is too large is refused when its size is known: no disk needs to be filled before that.
    this.isFull ||= chunk.position >= CRAMFS_OFFSET_LIMIT || this.position > this.end;
    if (!this.isFull) writeChunk(chunk, this.endianness, this.sink);
    for (const block of content.blocks) this.giveBack(block.release());
    // There is one of each per page. From now on only their kinds and numbers count, which are equal.
    const { pointers, pieces } = chunk;
    pointers.fill(pointers[0]!);
    if (pieces.length > 0) pieces.fill(pieces[0]!);
  }
}
