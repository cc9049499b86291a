import { setImmediate } from 'node:timers/promises';
import { TASKS_PER_WORKER, inSharedMemory, type ImagePool } from './image-pool.js';

/** How a batch of work is done. */
export interface BatchWork<Batch, Result> {
  /** The function of image-worker.ts that does it on a worker thread. */
  readonly name: string;
  /** The same on this thread. */
  readonly here: (batch: Batch) => Result;
  /** Called with each result as it comes; false ends the work. */
  readonly done: (batch: Batch, result: Result) => boolean;
}

/**
 * Works through `batches` on the threads of a pool and on this one. Batches are made as they are needed, so
 * that the first are in progress while the others are made. In any case, no batch is in progress when this
 * ends.
 *
 * @param image what the work is about; copied once if there are threads that cannot see it.
 * @returns results in the order of the batches.
 * @throws what a batch throws, the first of them.
 */
export async function workThrough<Batch, Result>(
  batches: Generator<Batch, undefined>,
  pool: ImagePool | undefined,
  image: Uint8Array,
  { name, here, done }: BatchWork<Batch, Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let started = 0;
  let stopped = false;
  const errors: unknown[] = [];
  const lane = async (work: (batch: Batch) => Promise<Result>): Promise<void> => {
    try {
      for (const batch of batches) {
        const index = started;
        started += 1;
        const result = await work(batch);
        results[index] = result;
        stopped = !done(batch, result) || stopped;
        if (stopped) return;
      }
    } catch (error) {
      errors.push(error);
      stopped = true;
    }
  };
  const lanes: Promise<void>[] = [];
  if (pool !== undefined) {
    const shared = inSharedMemory(image);
    const there = (batch: Batch): Promise<Result> => pool.run(name, shared, batch);
    for (let count = 0; count < TASKS_PER_WORKER * pool.workers; count += 1)
      lanes.push(lane(there));
  }
  lanes.push(
    lane(async (batch) => {
      const result = here(batch);
      // Let the workers' results arrive, and their next batches leave.
      await setImmediate();
      return result;
    }),
  );
  await Promise.all(lanes);
  if (errors.length > 0) throw errors[0];
  return results;
}
