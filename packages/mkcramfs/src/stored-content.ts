/** A block as a source has stored it. */
export interface TakenBlock {
  readonly kind: 'hole' | 'compressed' | 'uncompressed';
  /** Bytes of the file in this block. */
  readonly size: number;
  /** What is stored: a part of the source's memory. */
  readonly bytes: Uint8Array;
}

/** How a source that is an image has stored a file or symlink, so that it need not be compressed again. */
export interface StoredContent {
  readonly blockSize: number;
  readonly method: 'zlib' | 'lzma';
  /** Blocks with a direct pointer that directly follow the one before: where a plan divides the file. */
  readonly divisions: readonly number[];
  readonly blocks: readonly TakenBlock[];
  /**
   * Ranges of blocks that are in place, if files in place start at multiples of `alignment`. There are other
   * direct blocks as well: those that files share, and those that had no other place.
   */
  readonly inPlace: (
    alignment: number,
  ) => readonly { readonly first: number; readonly end: number }[];
}
