import type { BlockRange } from './xip-ranges.js';

const NOTHING = new Uint8Array(0);

/**
 * A block as it will be in the image. The tree has one per page, so it is one small object, whose bytes are a
 * part of the batch they were compressed with.
 */
export class StoredBlock {
  /** `xip`: uncompressed, in a run of the XIP region. */
  readonly kind: 'hole' | 'compressed' | 'uncompressed' | 'xip';
  /** Bytes of the file in this block. */
  readonly size: number;
  /** Bytes that are stored. */
  readonly length: number;
  /**
   * With `compat: 'mkcramfs'`, for an uncompressed block: the end of its compressed form. The C tool
   * compresses into the image and then writes the plain block over that, so this end stays after the block
   * until something else is written there.
   */
  readonly residue: Uint8Array | undefined;
  private readonly data: Uint8Array;
  private readonly start: number;

  constructor(
    kind: StoredBlock['kind'],
    size: number,
    data: Uint8Array,
    start = 0,
    length = data.length,
    residue?: Uint8Array,
  ) {
    this.kind = kind;
    this.size = size;
    this.data = data;
    this.start = start;
    this.length = length;
    this.residue = residue;
  }

  /** What is stored. */
  get bytes(): Uint8Array {
    return this.data.subarray(this.start, this.start + this.length);
  }

  /** True if the bytes of `next` directly follow in memory, as those of a batch do. */
  precedes(next: StoredBlock): boolean {
    return this.data === next.data && this.start + this.length === next.start;
  }

  /** What is stored of this block and all up to `last`, if each {@link precedes} the next. */
  bytesTo(last: StoredBlock): Uint8Array {
    return this.data.subarray(this.start, last.start + last.length);
  }
}

/** A block of zeros that takes no room. */
export function hole(size: number): StoredBlock {
  return new StoredBlock('hole', size, NOTHING);
}

/** What one or more files hold: their blocks, each compressed once. */
export interface Content {
  readonly size: number;
  /** None if a ChunkStream writes them: see chunk-stream.ts. */
  readonly blocks: StoredBlock[];
  /** Ranges of blocks of kind `xip`. */
  readonly xipRanges: readonly BlockRange[];
  /** Ranges of blocks that a plan decides about: see docs/plan.md. */
  readonly sections: readonly BlockRange[];
  /** What the start of its runs should be a multiple of, if the user asks for it, in bytes. */
  readonly alignment: number;
  /** Bytes the XIP blocks would take compressed, if that was measured. */
  xipCompressedSize: number | undefined;
}

/** True if the last block is a whole one: the case of kernel fact K1. */
export function lastBlockIsFull(content: Content, blockSize: number): boolean {
  return content.size > 0 && content.size % blockSize === 0;
}
