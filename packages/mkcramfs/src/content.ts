import type { BlockRange } from './xip-policy.js';

/** A block as it will stand in the image. */
export type StoredBlock =
  | { readonly kind: 'hole'; readonly size: number }
  | {
      /** `xip`: uncompressed, in a run of the XIP region. */
      readonly kind: 'compressed' | 'uncompressed' | 'xip';
      /** Bytes of the file in this block. */
      readonly size: number;
      /** What is stored. */
      readonly bytes: Uint8Array;
      /**
       * Under `compat: 'mkcramfs'`, of an uncompressed block: the end of its compressed form. The
       * C tool compresses into the image and then writes the plain block over that, so this stays
       * behind the block until something else is written there.
       */
      readonly residue?: Uint8Array;
    };

/** What one or more files hold: their blocks, each compressed once. */
export interface Content {
  readonly size: number;
  readonly blocks: StoredBlock[];
  /** Ranges of blocks of kind `xip`. */
  readonly xipRanges: readonly BlockRange[];
  /** Bytes the XIP blocks would take compressed, if that was measured. */
  xipCompressedSize: number | undefined;
}

/** True if the last block is a whole one: what kernel fact K1 is about. */
export function lastBlockIsFull(content: Content, blockSize: number): boolean {
  return content.size > 0 && content.size % blockSize === 0;
}
