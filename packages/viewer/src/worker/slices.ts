import { messagesFirst } from './pause.js';

/** Longest time in milliseconds that other requests have to wait, unless a step takes longer. */
const SLICE_MS = 20;

/**
 * Takes the steps of a long task while other requests are answered.
 *
 * @param signal ends it: then this throws the signal's reason.
 */
export async function inSlices<T>(steps: Generator<unknown, T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    await messagesFirst();
    signal?.throwIfAborted();
    const until = performance.now() + SLICE_MS;
    while (performance.now() < until) {
      const { done, value } = steps.next();
      if (done === true) return value;
    }
  }
}
