import type { ImageSink } from './image-sink.js';

/** Takes an image into memory. */
export class MemorySink implements ImageSink {
  readonly isTentative: boolean = true;
  private buffer = new Uint8Array(1 << 16);
  private length = 0;

  write(bytes: Uint8Array): void {
    const end = this.length + bytes.length;
    if (end > this.buffer.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.buffer.length));
      grown.set(this.buffer.subarray(0, this.length));
      this.buffer = grown;
    }
    this.buffer.set(bytes, this.length);
    this.length = end;
  }

  patch(offset: number, bytes: Uint8Array): void {
    this.buffer.set(bytes, offset);
  }

  bytes(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }
}
