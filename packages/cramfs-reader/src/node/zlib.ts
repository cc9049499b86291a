import type * as nodeModule from 'node:zlib';
import { BlockInflater, InflateError, type InflateErrorCode } from 'cramfs-deflate';
import type { ZlibCodec } from '../zlib.js';

type Inflater = Required<Pick<ZlibCodec, 'inflate' | 'borrow' | 'borrowRun'>>;

let inflater: Inflater | undefined;

/** Uses Node's CRC, which is many times as fast, and Node's inflate if there is no WebAssembly. */
export const nodeZlib: ZlibCodec = {
  inflate: (data, maxLength) => (inflater ??= chooseInflater()).inflate(data, maxLength),
  borrow: (data, maxLength) => (inflater ??= chooseInflater()).borrow(data, maxLength),
  borrowRun: (data, places, streams, maxLength) =>
    (inflater ??= chooseInflater()).borrowRun(data, places, streams, maxLength),
  crc32: (bytes, crc) => zlib().crc32(bytes, crc),
};

/** Loading it takes a tenth of what a command does with a small image. */
function zlib(): typeof nodeModule {
  return process.getBuiltinModule('node:zlib');
}

/** V8 reserves 10 GiB of addresses for a module's memory, which `ulimit -v` may not allow. */
function chooseInflater(): Inflater {
  try {
    return new BlockInflater();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return {
      inflate: inflateWithZlib,
      borrow: inflateWithZlib,
      borrowRun: () => undefined,
    };
  }
}

/** What Node.js calls some of the reasons. */
const CODES: Readonly<Record<string, InflateErrorCode>> = {
  ERR_BUFFER_TOO_LARGE: 'TOO_LONG',
  Z_BUF_ERROR: 'CUT_OFF',
};

/** The same with Node's zlib, which is slower: it sets itself up for every block. */
export function inflateWithZlib(data: Uint8Array, maxLength: number): Uint8Array {
  try {
    return zlib().inflateSync(data, { maxOutputLength: maxLength });
  } catch (cause) {
    // Node.js throws a RangeError for data that inflates to more than the limit.
    const { code = '' } = cause as NodeJS.ErrnoException;
    throw new InflateError(CODES[code] ?? 'BAD_BLOCK', 'does not inflate', { cause });
  }
}
