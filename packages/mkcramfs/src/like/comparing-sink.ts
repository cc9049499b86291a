import { CRAMFS_SUPER_CRC_OFFSET } from 'cramfs-format';
import type { ImageSink } from '../write-image.js';

/** Thrown by a {@link ComparingSink} as soon as the images differ. */
export class Differs extends Error {}

const CRC_SIZE = 4;

/** Takes an image in, and compares it with one that is there. */
export class ComparingSink implements ImageSink {
  private position = 0;
  private readonly expected: Uint8Array;
  private readonly crcAt: number;

  constructor(expected: Uint8Array, superblockOffset: number) {
    this.expected = expected;
    this.crcAt = superblockOffset + CRAMFS_SUPER_CRC_OFFSET;
  }

  write(bytes: Uint8Array): void {
    const { position, crcAt } = this;
    this.position += bytes.length;
    // The CRC is patched in last.
    if (position <= crcAt && crcAt < this.position) {
      this.compare(bytes.subarray(0, crcAt - position), position);
      const after = crcAt + CRC_SIZE - position;
      this.compare(bytes.subarray(after), position + after);
    } else {
      this.compare(bytes, position);
    }
  }

  patch(offset: number, bytes: Uint8Array): void {
    this.compare(bytes, offset);
  }

  /** True if nothing is missing. */
  get isComplete(): boolean {
    return this.position === this.expected.length;
  }

  private compare(bytes: Uint8Array, at: number): void {
    const { expected } = this;
    if (at + bytes.length > expected.length) throw new Differs();
    for (let index = 0; index < bytes.length; index += 1) {
      if (bytes[index] !== expected[at + index]) throw new Differs();
    }
  }
}
