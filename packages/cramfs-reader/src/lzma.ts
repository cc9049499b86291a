import { lzmaDecompress } from 'cramfs-archive/lzma';
import { InflateError } from 'cramfs-deflate';
import type { BlockCodec } from './zlib.js';

/** Properties: literal and position bits in a byte, and the size of the dictionary. */
const PROPERTIES_SIZE = 5;
const LENGTH_SIZE = 4;
/** What the .lzma format has before the data: the properties and a length of eight bytes. */
const HEADER_SIZE = PROPERTIES_SIZE + 8;
/** Blocks are smaller than this: a larger dictionary would only cost memory. */
const MAX_DICTIONARY = 2 ** 16;
/** Higher values have no meaning: (4 * 5 + 4) * 9 + 8. */
const MAX_PROPERTIES_BYTE = 224;

/**
 * Reads LZMA blocks in OpenRG's form: five bytes of properties, the length of the content in four
 * bytes, least significant first, and the data.
 */
export const lzmaInflater: BlockCodec = {
  method: 'lzma',
  inflate(data, maxLength) {
    const start = PROPERTIES_SIZE + LENGTH_SIZE;
    if (data.length <= start) throw new InflateError('CUT_OFF', 'unexpected end of data');
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    const length = view.getUint32(PROPERTIES_SIZE, true);
    if (length > maxLength) throw new InflateError('TOO_LONG', `more than ${maxLength} bytes`);
    if (data[0]! > MAX_PROPERTIES_BYTE) throw new InflateError('BAD_HEADER', 'not LZMA');
    const stream = new Uint8Array(HEADER_SIZE + data.length - start);
    const head = new DataView(stream.buffer);
    head.setUint8(0, data[0]!);
    head.setUint32(1, Math.min(view.getUint32(1, true), MAX_DICTIONARY), true);
    head.setUint32(PROPERTIES_SIZE, length, true);
    stream.set(data.subarray(start), HEADER_SIZE);
    const content = decode(stream);
    if (content.length !== length) {
      throw new InflateError('CUT_OFF', `${content.length} bytes instead of ${length}`);
    }
    return content;
  },
};

/** For damaged data the library may throw a RangeError, which would mean a lack of memory. */
function decode(stream: Uint8Array): Uint8Array {
  try {
    return lzmaDecompress(stream);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new InflateError('BAD_BLOCK', message, { cause });
  }
}
