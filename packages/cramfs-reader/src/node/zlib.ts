import { crc32, inflateSync } from 'node:zlib';
import { BlockInflater } from 'cramfs-deflate';
import type { ZlibCodec } from '../zlib.js';

let inflate: ZlibCodec['inflate'] | undefined;

/** Uses Node's CRC, which is many times as fast, and Node's inflate if there is no WebAssembly. */
export const nodeZlib: ZlibCodec = {
  inflate: (data, maxLength) => (inflate ??= chooseInflate())(data, maxLength),
  crc32,
};

/** V8 wants 10 GiB of addresses for a module's memory, which `ulimit -v` may not leave it. */
function chooseInflate(): ZlibCodec['inflate'] {
  try {
    const inflater = new BlockInflater();
    return (data, maxLength) => inflater.inflate(data, maxLength);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return inflateWithZlib;
  }
}

/** The same with Node's zlib, which is slower: it sets itself up for every block. */
export function inflateWithZlib(data: Uint8Array, maxLength: number): Uint8Array {
  try {
    return inflateSync(data, { maxOutputLength: maxLength });
  } catch (cause) {
    // Node.js has a RangeError for data that gives more than it may.
    throw new Error('does not inflate', { cause });
  }
}
