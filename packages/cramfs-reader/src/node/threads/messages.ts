import type { Flag, Share } from './share.js';

/** What a thread is to do with the shares that follow. */
export interface ThreadTask {
  /** The function of image-worker.ts. */
  readonly name: string;
  /** In memory that all threads see. */
  readonly image: Uint8Array;
  /** What does not change from share to share. */
  readonly settings: unknown;
  /** Nobody takes an item any more once it is set. */
  readonly stopped: Flag;
}

/** First a task, then its shares, numbered from 0, then `ends`. */
export type ToThread =
  | { readonly task: ThreadTask }
  | { readonly share: Share; readonly index: number }
  | { readonly ends: true };

/** Results of items as they come, then what went wrong, if anything did, then `ended`. */
export type FromThread =
  | { readonly index: number; readonly item: number; readonly result: unknown }
  | { readonly error: unknown }
  | { readonly ended: true };
