import type { FoundImage } from 'cramfs-reader/node';

/** An image that was found, and the file that it is in. */
export interface Find {
  readonly file: string;
  /** From 1, in each file. */
  readonly number: number;
  readonly found: FoundImage;
}
