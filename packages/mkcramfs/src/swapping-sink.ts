import { InvariantError } from 'cramfs-format';
import { swapWords } from 'cramfs-reader';
import type { ImageSink } from './image-sink.js';

/** Reverses the bytes of each word on the way to another sink. The output must end with a whole word. */
export class SwappingSink implements ImageSink {
  private readonly sink: ImageSink;
  private readonly wordSize: 2 | 4;
  /** The start of an incomplete word. */
  private rest = new Uint8Array(0);

  constructor(sink: ImageSink, wordSize: 2 | 4) {
    this.sink = sink;
    this.wordSize = wordSize;
  }

  write(bytes: Uint8Array): void {
    const all = new Uint8Array(this.rest.length + bytes.length);
    all.set(this.rest);
    all.set(bytes, this.rest.length);
    const whole = all.length - (all.length % this.wordSize);
    this.sink.write(swapWords(all.subarray(0, whole), this.wordSize));
    this.rest = all.slice(whole);
  }

  patch(offset: number, bytes: Uint8Array): void {
    if (offset % this.wordSize !== 0 || bytes.length % this.wordSize !== 0) {
      throw new InvariantError(`${bytes.length} bytes at ${offset} are not whole words`);
    }
    this.sink.patch(offset, swapWords(bytes, this.wordSize));
  }
}
