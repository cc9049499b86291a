import { UnexpectedEnd, type ChunkReader } from './chunk-reader.js';

/**
 * What a parser of archives needs from its input next: `length` bytes to look at (fewer if the input ends
 * before), to take, or to skip. The parser does not read any input itself: its caller does, from a stream or
 * from memory.
 */
export interface TarRequest {
  readonly want: 'peek' | 'take' | 'skip';
  readonly length: number;
}

export type TarSteps<T> = Generator<TarRequest, T, Uint8Array>;

const EMPTY: Uint8Array = new Uint8Array(0);

/** Runs a parser on a stream. @throws UnexpectedEnd, or what the parser throws. */
export async function runOnStream<T>(steps: TarSteps<T>, reader: ChunkReader): Promise<T> {
  let next = steps.next();
  while (next.done !== true) {
    const { want, length } = next.value;
    let answer = EMPTY;
    // Data that has arrived costs no turn of the event loop.
    const ready = reader.ready(length);
    if (ready !== undefined) {
      answer = ready;
      if (want !== 'peek') reader.drop(length);
    } else if (want === 'peek') answer = await reader.peek(length);
    else if (want === 'take') answer = await reader.take(length);
    else await reader.skip(length);
    next = steps.next(answer);
  }
  return next.value;
}

/**
 * Runs a parser on bytes in memory, from `at` on.
 *
 * @throws UnexpectedEnd, or what the parser throws.
 */
export function runOnBytes<T>(steps: TarSteps<T>, bytes: Uint8Array, at: number): T {
  let next = steps.next();
  while (next.done !== true) {
    const { want, length } = next.value;
    const answer = bytes.subarray(at, at + length);
    if (want !== 'peek') {
      if (length > bytes.length - at) throw new UnexpectedEnd();
      at += length;
    }
    next = steps.next(answer);
  }
  return next.value;
}
