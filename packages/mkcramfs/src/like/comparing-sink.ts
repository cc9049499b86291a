import { SUPERBLOCK, decodeSuperblock, type Endianness, type RawSuperblock } from 'cramfs-format';
import type { ImageSink } from '../image-sink.js';

/** Thrown by a {@link ComparingSink} as soon as the images differ. */
export class Differs extends Error {}

/** Fields of the superblock that do not follow from the layout; the CRC is patched in last. */
const NUMBERS = ['size', 'flags', 'crc', 'blocks', 'files'] as const;
const NUMBER_SIZE = 4;

/** Takes in an image, and compares it with an existing one. */
export class ComparingSink implements ImageSink {
  private position = 0;
  private readonly expected: Uint8Array;
  private readonly superblockOffset: number;
  private readonly skipped: readonly number[];
  private readonly written = new Uint8Array(SUPERBLOCK.size);

  /** @param exactly false: numbers of the superblock, and zeros at the end, may differ. */
  constructor(expected: Uint8Array, superblockOffset: number, exactly: boolean) {
    this.expected = expected;
    this.superblockOffset = superblockOffset;
    this.skipped = (exactly ? (['crc'] as const) : NUMBERS).map(
      (field) => superblockOffset + SUPERBLOCK.at[field],
    );
  }

  write(bytes: Uint8Array): void {
    const { position, superblockOffset, written } = this;
    const end = position + bytes.length;
    this.position = end;
    const head = bytes.subarray(Math.max(0, superblockOffset - position));
    const into = Math.max(0, position - superblockOffset);
    if (into < written.length) written.set(head.subarray(0, written.length - into), into);
    let from = position;
    for (const at of this.skipped) {
      if (at + NUMBER_SIZE <= from || at >= end) continue;
      this.compare(bytes.subarray(from - position, Math.max(0, at - position)), from);
      from = Math.min(end, at + NUMBER_SIZE);
    }
    this.compare(bytes.subarray(from - position), from);
  }

  /** The CRC, which is compared only if everything is. */
  patch(offset: number, bytes: Uint8Array): void {
    if (this.skipped.length === 1) this.compare(bytes, offset);
  }

  /** True if nothing is missing. */
  get isComplete(): boolean {
    return this.position === this.expected.length;
  }

  /** True if nothing but zeros is missing. */
  get isAlike(): boolean {
    return this.expected.subarray(this.position).every((byte) => byte === 0);
  }

  /** The superblock that was written. */
  superblock(endianness: Endianness): RawSuperblock {
    return decodeSuperblock(new DataView(this.written.buffer), 0, endianness);
  }

  private compare(bytes: Uint8Array, at: number): void {
    const { expected } = this;
    if (at + bytes.length > expected.length) throw new Differs();
    for (let index = 0; index < bytes.length; index += 1) {
      if (bytes[index] !== expected[at + index]) throw new Differs();
    }
  }
}
