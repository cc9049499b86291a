import type { FoundImage } from 'cramfs-reader/node';

/** An image that was found, and the file that it is in. */
export interface Find {
  readonly file: string;
  /** Number of the image in its file, from 1. */
  readonly number: number;
  readonly found: FoundImage;
}
