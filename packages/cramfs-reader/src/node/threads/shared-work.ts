import { setImmediate } from 'node:timers/promises';
import type { ImagePool } from './image-pool.js';
import type { Thread } from './image-thread.js';
import type { FromThread } from './messages.js';
import { raise, sharedWord, takeItems, type Share } from './share.js';

/** How to do a share of work. */
export interface Work<S extends Share, Result> {
  /** The function of image-worker.ts that does it on a worker thread, and its settings. */
  readonly name: string;
  readonly settings: unknown;
  /** The same on this thread. */
  readonly here: (share: S, item: number) => Result;
  /** Called with each result as it comes, and the number of its share; false ends the work. */
  readonly done: (index: number, item: number, result: Result) => boolean;
}

/**
 * Work that the threads of a pool start while this thread is still finding out what to do. Each
 * thread takes the next item by itself, so none waits.
 */
export class SharedWork<S extends Share, Result> {
  private readonly work: Work<S, Result>;
  private readonly shares: S[] = [];
  /** Results by share and item; empty for those that were not done. */
  private readonly results: Result[][] = [];
  private readonly stopped = sharedWord();
  private isFinishing = false;
  private readonly errors: unknown[] = [];
  private readonly ends: Promise<void>[];
  private readonly threads: readonly Thread[];

  /** @param image what the work is about; copied once if there are threads that cannot see it. */
  constructor(image: Uint8Array, pool: ImagePool | undefined, work: Work<S, Result>) {
    this.work = work;
    this.threads = pool?.threads ?? [];
    const { name, settings } = work;
    const shared = this.threads.length > 0 ? inSharedMemory(image) : image;
    this.ends = this.threads.map((thread) => {
      const end = this.listen(thread);
      thread.say({ task: { name, image: shared, settings, stopped: this.stopped } });
      return end;
    });
  }

  /** Lets the threads start with a share. */
  add(share: S): void {
    const index = this.shares.push(share) - 1;
    this.results.push([]);
    for (const thread of this.threads) thread.say({ share, index });
  }

  /**
   * Does the rest, together with the threads. When it ends, nothing is in progress in any case.
   *
   * @returns results by share and item; incomplete if the work was ended.
   * @throws the first error of an item, or the reason why a thread has died.
   */
  async finish(): Promise<Result[][]> {
    this.isFinishing = true;
    for (const thread of this.threads) thread.say({ ends: true });
    try {
      for (const [index, share] of this.shares.entries()) {
        for (const item of takeItems(share, this.stopped)) {
          this.take(index, item, this.work.here(share, item));
          // Let the results of other threads arrive.
          await setImmediate();
        }
      }
    } catch (error) {
      this.fail(error);
    }
    await Promise.all(this.ends);
    if (this.errors.length > 0) throw this.errors[0];
    return this.results;
  }

  /** Ends the work, if it was not finished, when the items in progress are done. */
  async end(): Promise<void> {
    raise(this.stopped);
    if (!this.isFinishing) for (const thread of this.threads) thread.say({ ends: true });
    this.isFinishing = true;
    await Promise.all(this.ends);
  }

  private listen(thread: Thread): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        thread.release();
        resolve();
      };
      thread.use({
        answer: (message) => {
          if ('ended' in message) end();
          else this.receive(message);
        },
        died: (error) => {
          this.fail(error);
          end();
        },
      });
    });
  }

  private receive(message: Exclude<FromThread, { readonly ended: true }>): void {
    if ('error' in message) this.fail(message.error);
    else this.take(message.index, message.item, message.result as Result);
  }

  private take(index: number, item: number, result: Result): void {
    this.results[index]![item] = result;
    if (!this.work.done(index, item, result)) raise(this.stopped);
  }

  private fail(error: unknown): void {
    this.errors.push(error);
    raise(this.stopped);
  }
}

/** `bytes` where worker threads can see them: copied, unless they are there already (readShared()). */
function inSharedMemory(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
