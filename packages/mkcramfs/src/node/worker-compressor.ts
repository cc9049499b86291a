import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { threadsThatFit } from 'cramfs-archive/node';
import {
  memoryOfBatch,
  type BlockBatch,
  type BlockCompressor,
  type Codec,
  type CompressedBatch,
} from '../block-batch.js';
import { compressUnread } from './compress-unread.js';
import { startWorker } from './worker-file.js';
import { WorkerThread } from './worker-thread.js';

/** A compressor that uses worker threads once they pay. */
export interface WorkerCompressor extends BlockCompressor {
  /** The most threads that it may have, the calling one included. */
  readonly threads: number;
  /** Announces bytes to come, so that the threads start early enough. May be called any number of times. */
  expect(bytes: number): void;
  close(): Promise<void>;
}

/** The calling thread compresses fewer bytes than this in the 40 ms that it takes to start others. */
const MIN_BYTES = 4 * 2 ** 20;
/** How much longer other codecs take for a block. */
const SLOWER = 4;
/** Batches that a thread has: enough that it does not run dry while the calling one compresses a batch or two. */
const AHEAD = 3;

type CompressThread = WorkerThread<BlockBatch, CompressedBatch>;

/**
 * A compressor on several threads: others, as many as there are addresses for, and the calling one, which
 * compresses what the others have no time for.
 *
 * @param wanted number of threads; default: one per core this process may use.
 */
export function workerCompressor(wanted = availableParallelism()): WorkerCompressor {
  let expected = 0;
  let received = 0;
  let others: CompressThread[] = [];
  let mayStart = true;
  const ending: Promise<void>[] = [];
  const start = (): void => {
    if (!mayStart) return;
    mayStart = false;
    others = Array.from(
      { length: threadsThatFit(wanted - 1) },
      () => new WorkerThread(startWorker('mkcramfs/worker')),
    );
  };
  return {
    threads: wanted,
    readsFiles: true,
    get capacity() {
      return AHEAD * others.length + 1;
    },
    expect(bytes) {
      expected += bytes;
      if (expected >= MIN_BYTES) start();
    },
    async compress(batch) {
      const bytes = batch.lengths.reduce((sum, length) => sum + length, 0);
      received += bytes * (isFast(batch.codec) ? 1 : SLOWER);
      if (received >= MIN_BYTES) start();
      const free = leastBusy(others);
      if (free !== undefined && free.pending < AHEAD) return free.ask(batch, memoryOfBatch(batch));
      const result = await compressUnread(batch);
      // Let the results of other threads in.
      if (free !== undefined) await setImmediate();
      return result;
    },
    // While the image is laid out and written, the idle threads would take a quarter of all memory.
    rest() {
      for (const thread of others) {
        const ended = thread.close();
        // close() reports errors.
        ended.catch(() => undefined);
        ending.push(ended);
      }
      others = [];
      mayStart = true;
    },
    async close() {
      this.rest!();
      await Promise.all(ending);
    },
  };
}

function isFast(codec: Codec): boolean {
  return codec.library === 'block-deflate' && codec.effort === 'default';
}

function leastBusy(threads: readonly CompressThread[]): CompressThread | undefined {
  let least = threads[0];
  for (const thread of threads) if (thread.pending < least!.pending) least = thread;
  return least;
}
