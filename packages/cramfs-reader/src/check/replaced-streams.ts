import { deflate } from 'pako';
import type { CramfsImage } from '../image.js';

/** The C tools compress with Z_BEST_COMPRESSION. */
const LEVEL = 9;
/** A stream that does not get smaller is at most this much longer than its block. */
const MAX_RESIDUE = 64;
/** The most blocks that are compressed again to see what they left behind: bounds the time. */
const MAX_BLOCKS = 4096;

interface StoredBlock {
  readonly start: number;
  readonly end: number;
}

/**
 * Recognises what npitre's mkcramfs leaves in gaps: it compresses a block to where it goes, and if
 * that does not make it smaller, puts the block itself there. The end of the zlib stream, which is
 * longer, stays if nothing else is written over it.
 */
export class ReplacedStreams {
  private readonly image: CramfsImage;
  /** The last uncompressed blocks that may reach into a gap, in the order of their places. */
  private readonly recent: StoredBlock[] = [];
  private compressed = 0;

  constructor(image: CramfsImage) {
    this.image = image;
  }

  /** To be called with every uncompressed block before the gaps that follow it. */
  addBlock(start: number, end: number): void {
    while (this.recent.length > 0 && this.recent[0]!.end + MAX_RESIDUE < end) this.recent.shift();
    this.recent.push({ start, end });
  }

  /** True if all bytes from `from` to `to` are zero, or such an end of a stream. */
  explains(from: number, to: number): boolean {
    const { bytes } = this.image;
    const expected = new Uint8Array(Math.min(to - from, MAX_RESIDUE));
    let explained = false;
    for (const block of this.recent) {
      if (block.end + MAX_RESIDUE <= from || this.compressed === MAX_BLOCKS) continue;
      this.compressed += 1;
      const stream = deflate(bytes.subarray(block.start, block.end), {
        level: LEVEL,
        legacyHash: true,
      });
      // The part before the gap was overwritten.
      const left = stream.subarray(block.end - block.start + (from - block.end));
      expected.set(left.subarray(0, expected.length));
      explained ||= left.length > 0;
    }
    if (!explained) return false;
    for (let at = from; at < to; at += 1) {
      if (bytes[at] !== (expected[at - from] ?? 0)) return false;
    }
    return true;
  }
}
