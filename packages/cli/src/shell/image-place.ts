import type { ImageCandidate } from 'cramfs-reader';
import type { CliIo } from './io.js';
import { printable } from './report-error.js';

/** The decompressed content of a file that holds an image. */
export interface ImageBytes {
  /** Bytes in memory that worker threads can share. */
  readonly bytes: Uint8Array;
  /** Where the image starts in `bytes`; undefined if `auto` found none. */
  readonly offset: number | undefined;
  /** Where `bytes` start in the (decompressed) file: only the image is read from a large file. */
  readonly base: number;
  /** Searches the file for images, for a message. */
  readonly search: () => readonly ImageCandidate[];
}

/** Tells which image is taken, if the user has not said so. */
export function sayTaken(file: string, where: string, io: CliIo): void {
  io.stderr.write(`cramfs: ${printable(file)}: using the image at offset ${where}\n`);
}

/** `4096 (0x1000)` */
export function offsetText(offset: number): string {
  return `${offset} (0x${offset.toString(16)})`;
}
