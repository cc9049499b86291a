import type { Flag, Share } from './share.js';

/** The task of a thread for the shares that follow. */
export interface ThreadTask {
  /** The function of image-worker.ts. */
  readonly name: string;
  /** In memory that all threads share. */
  readonly image: Uint8Array;
  /** Settings that are the same for all shares. */
  readonly settings: unknown;
  /** Once it is set, no more items are taken. */
  readonly stopped: Flag;
}

/** First a task, then its shares, numbered from 0, then `ends`. */
export type ToThread =
  | { readonly task: ThreadTask }
  | { readonly share: Share; readonly index: number }
  | { readonly ends: true };

/** Results of items as they come, then an error, if there was one, then `ended`. */
export type FromThread =
  | { readonly index: number; readonly item: number; readonly result: unknown }
  | { readonly error: unknown }
  | { readonly ended: true };
