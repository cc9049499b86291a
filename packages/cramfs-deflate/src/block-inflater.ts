import base64 from '#inflate-module';
import { instantiate } from './instantiate.js';

/** What assembly/inflate exports. Pointers are numbers. */
interface InflateExports {
  readonly memory: WebAssembly.Memory;
  /** 0 if there is no memory for so much. */
  readonly inputPointer: (length: number, maxLength: number, phase: number) => number;
  readonly outputPointer: () => number;
  readonly inflate: () => number;
  readonly runPointer: (
    length: number,
    streams: number,
    maxLength: number,
    phase: number,
  ) => number;
  readonly placesPointer: () => number;
  readonly resultsPointer: () => number;
  readonly inflateRun: () => void;
}

/** The most streams that {@link BlockInflater.borrowRun} takes. */
export const RUN_STREAMS = 64;

/** The output of a run. */
export interface InflatedRun {
  /** By stream: its bytes; a negative number if it is damaged or cut off, or gives more bytes. There may be more. */
  readonly lengths: Int32Array<ArrayBuffer>;
  /** The bytes of stream k start at k * `maxLength`. */
  readonly content: Uint8Array<ArrayBuffer>;
}

export type InflateErrorCode =
  | 'CUT_OFF'
  | 'TOO_LONG'
  | 'BAD_HEADER'
  | 'BAD_BLOCK'
  | 'BAD_CODE'
  | 'BAD_DISTANCE'
  | 'BAD_CHECKSUM'
  | 'NO_MEMORY';

/** A stream that is not what it should be. */
export class InflateError extends Error {
  override readonly name = 'InflateError';
  readonly code: InflateErrorCode;

  constructor(code: InflateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Errors by the number that the module returns, which is negative. */
const PROBLEMS: Readonly<Record<number, readonly [InflateErrorCode, string]>> = {
  [-1]: ['CUT_OFF', 'unexpected end of data'],
  [-2]: ['TOO_LONG', 'more bytes than expected'],
  [-3]: ['BAD_HEADER', 'no zlib header'],
  [-4]: ['BAD_BLOCK', 'block with an invalid type or length'],
  [-5]: ['BAD_CODE', 'invalid code'],
  [-6]: ['BAD_DISTANCE', 'a distance that reaches before the first byte'],
  [-7]: ['BAD_CHECKSUM', 'wrong checksum'],
};

/**
 * Inflates zlib streams that are in memory as a whole, as WebAssembly. Its memory is the longest stream
 * with what it gave, and 20 KiB of tables.
 */
export class BlockInflater {
  private readonly module = instantiate(base64) as InflateExports;
  private memory = new Uint8Array(this.module.memory.buffer);
  private places = this.viewPlaces();
  private lengths = this.viewLengths();

  /**
   * Inflates one zlib stream; bytes after its end are ignored. What is valid is as for zlib's inflate().
   *
   * @param maxLength bytes that the caller has room for.
   * @returns at most `maxLength` bytes, in memory of their own.
   * @throws InflateError if the data is damaged or cut off, gives more bytes, or there is no memory for it.
   */
  inflate(data: Uint8Array, maxLength: number): Uint8Array<ArrayBuffer> {
    return this.borrow(data, maxLength).slice();
  }

  /** {@link inflate}, but what it returns is valid until the next call only: memory of the module. */
  borrow(data: Uint8Array, maxLength: number): Uint8Array<ArrayBuffer> {
    const { module } = this;
    const input = module.inputPointer(data.length, maxLength, data.byteOffset);
    if (input === 0) {
      throw new InflateError('NO_MEMORY', 'not enough memory for a stream of this length');
    }
    this.renewMemory();
    this.memory.set(data, input);
    const length = module.inflate();
    if (length < 0) throw new InflateError(...PROBLEMS[length]!);
    const output = module.outputPointer();
    return this.memory.subarray(output, output + length);
  }

  /**
   * Inflates streams that are near each other, which is faster than one by one. The result is
   * memory of the module, and valid only until the next call.
   *
   * @param data from the start of the first stream to the end of the last.
   * @param places for each stream, in order: its start in `data`, and its length. There may be more.
   * @param streams at most {@link RUN_STREAMS}.
   * @param maxLength bytes that each may give.
   * @returns undefined if there is not enough memory for all of them at once.
   */
  borrowRun(
    data: Uint8Array,
    places: Uint32Array,
    streams: number,
    maxLength: number,
  ): InflatedRun | undefined {
    const { module } = this;
    const input = module.runPointer(data.length, streams, maxLength, data.byteOffset);
    if (input === 0) return undefined;
    this.renewMemory();
    this.places.set(places);
    this.memory.set(data, input);
    module.inflateRun();
    const output = module.outputPointer();
    return {
      lengths: this.lengths,
      content: this.memory.subarray(output, output + streams * maxLength),
    };
  }

  /** Memory that has grown is a new buffer. */
  private renewMemory(): void {
    if (this.memory.length !== 0) return;
    this.memory = new Uint8Array(this.module.memory.buffer);
    this.places = this.viewPlaces();
    this.lengths = this.viewLengths();
  }

  private viewPlaces(): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.memory.buffer, this.module.placesPointer(), 2 * RUN_STREAMS);
  }

  private viewLengths(): Int32Array<ArrayBuffer> {
    return new Int32Array(this.memory.buffer, this.module.resultsPointer(), RUN_STREAMS);
  }
}
