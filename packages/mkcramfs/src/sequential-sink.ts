import { InvariantError } from 'cramfs-format';
import type { Crc32, ImageSink } from './image-sink.js';
import type { Residue } from './layout/layout.js';

/** Combines many small writes into few, as each write and checksum has a fixed cost. */
const BUFFER_BYTES = 1 << 20;

/** Feeds a sink in ascending order, and the checksum with the same bytes. */
export class SequentialSink {
  private position: number;
  private crc: number;
  private readonly buffer = new Uint8Array(BUFFER_BYTES);
  private buffered = 0;
  private readonly sink: ImageSink;
  private readonly crc32: Crc32;
  private readonly residues: readonly Residue[];
  private nextResidue = 0;

  /**
   * @param position of the first byte to come.
   * @param crc checksum of those before it.
   * @param residues what gaps hold besides zeros, in ascending order.
   */
  constructor(
    sink: ImageSink,
    crc32: Crc32,
    position: number,
    crc = 0,
    residues: readonly Residue[] = [],
  ) {
    this.sink = sink;
    this.crc32 = crc32;
    this.position = position;
    this.crc = crc;
    this.residues = residues;
  }

  writeAt(offset: number, bytes: Uint8Array): void {
    this.fillTo(offset);
    for (let at = 0; at < bytes.length;) {
      const room = this.room(bytes.length - at);
      room.set(bytes.subarray(at, at + room.length));
      this.advance(room.length);
      at += room.length;
    }
  }

  /** Fills a gap with zeros, except residues. */
  fillTo(offset: number): void {
    if (offset < this.position) {
      throw new InvariantError(`layout overlaps: ${offset} follows ${this.position}`);
    }
    while (this.position < offset) {
      const gap = this.room(offset - this.position);
      gap.fill(0);
      this.copyResidues(gap);
      this.advance(gap.length);
    }
  }

  /** @returns the checksum of everything. */
  finish(): number {
    this.flush();
    return this.crc;
  }

  /** Copies what was left in the `gap` that starts here. */
  private copyResidues(gap: Uint8Array): void {
    const start = this.position;
    const end = start + gap.length;
    for (let index = this.nextResidue; index < this.residues.length; index += 1) {
      const { position, bytes } = this.residues[index]!;
      if (position >= end) break;
      // A residue that is longer may show in a later gap, too.
      if (index === this.nextResidue && position + bytes.length <= end) this.nextResidue += 1;
      if (position + bytes.length <= start) continue;
      const visible = bytes.subarray(Math.max(0, start - position), end - position);
      gap.set(visible, Math.max(0, position - start));
    }
  }

  /** Contiguous memory for the next bytes: `bytes` of it, or as many as the buffer holds. */
  private room(bytes: number): Uint8Array {
    const length = Math.min(bytes, BUFFER_BYTES);
    if (this.buffered + length > BUFFER_BYTES) this.flush();
    return this.buffer.subarray(this.buffered, this.buffered + length);
  }

  private advance(bytes: number): void {
    this.buffered += bytes;
    this.position += bytes;
  }

  private flush(): void {
    const bytes = this.buffer.subarray(0, this.buffered);
    this.crc = this.crc32(bytes, this.crc);
    this.sink.write(bytes);
    this.buffered = 0;
  }
}
