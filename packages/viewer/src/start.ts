import type { DialectName } from 'cramfs-reader';
import type { ShownCheck } from './model/findings.js';

/** An image that the page opens when it starts. */
export interface StartImage {
  /** Name of its file, a byte string. */
  readonly title: string;
  /**
   * The place of its bytes: an address below the page's, or the id of an inert element with base64.
   */
  readonly from: { readonly address: string } | { readonly element: string };
  /** True if they are compressed with gzip. */
  readonly gzip: boolean;
  readonly blockSize?: number | undefined;
  readonly dialect?: DialectName | undefined;
  /** True if the content of files has been left out. */
  readonly withoutData: boolean;
  /** The result of a check, if the page cannot check the bytes that it has. */
  readonly check?: ShownCheck | undefined;
}

/** The data that the page starts with. */
export interface ViewerStart {
  readonly version: string;
  readonly images: readonly StartImage[];
}

/** Ids of the elements in the page's document that the page reads. */
export const ELEMENTS = { root: 'app', start: 'start', worker: 'worker' } as const;
