import { crc32 } from 'cramfs-format';
import {
  ZStream,
  Z_FINISH,
  Z_OK,
  Z_STREAM_END,
  zlibInflate,
  zlibInflateInit,
  zlibInflateReset,
} from 'pako';

/** The two zlib functions an image needs. Whoever opens it may bring faster ones. */
export interface ZlibCodec {
  /**
   * Inflates one zlib stream; bytes after its end are ignored, as in Linux.
   *
   * @param maxLength at least 1.
   * @returns at most `maxLength` bytes, valid for as long as the caller likes.
   * @throws an Error of any class if the data is damaged or cut off, or gives more bytes.
   */
  inflate(data: Uint8Array, maxLength: number): Uint8Array;
  /** Continues a CRC-32 over `bytes`; start with 0, the default. */
  crc32(bytes: Uint8Array, crc?: number): number;
}

let stream: ZStream | undefined;

/** The stream that all calls share: allocating its window for every block would cost more time. */
function sharedStream(): ZStream {
  if (stream === undefined) {
    stream = new ZStream();
    if (zlibInflateInit(stream) !== Z_OK) throw new Error('cannot start to inflate');
  } else {
    zlibInflateReset(stream);
  }
  return stream;
}

/** Runs everywhere: pako's inflate and cramfs-format's CRC. */
export const portableZlib: ZlibCodec = {
  inflate(data, maxLength) {
    const state = sharedStream();
    const output = new Uint8Array(maxLength);
    state.input = data;
    state.next_in = 0;
    state.avail_in = data.length;
    state.output = output;
    state.next_out = 0;
    state.avail_out = maxLength;
    const status = zlibInflate(state, Z_FINISH);
    const length = state.next_out;
    const message = state.msg;
    state.input = state.output = new Uint8Array(0);
    if (status !== Z_STREAM_END) {
      throw new Error(
        message ||
          (length === maxLength ? `more than ${maxLength} bytes` : 'unexpected end of data'),
      );
    }
    return output.subarray(0, length);
  },
  crc32,
};
