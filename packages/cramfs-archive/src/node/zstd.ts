import { CramfsError } from 'cramfs-format';
import { openZstdStream } from './zstd-stream.js';

/** Zstandard's frame format: RFC 8878, section 3. */
const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAX_BLOCK_SIZE = 128 * 1024;
const BLOCK_HEADER_SIZE = 3;
const RAW_BLOCK = 0;
const RLE_BLOCK = 1;
const COMPRESSED_BLOCK = 2;
const DICTIONARY_ID_SIZES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_SIZES = [0, 2, 4, 8] as const;

/** Input is handed to the codec in pieces, to keep its own memory small. */
const CHUNK = 1 << 20;

/** True if `bytes` starts with a Zstandard frame. */
export function isZstd(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && viewOf(bytes).getUint32(0, true) === MAGIC;
}

/**
 * Decompresses Zstandard data.
 *
 * @param maxLength bytes that the result may have; nothing is decompressed if it would have more.
 * @returns memory that worker threads can share.
 * @throws CramfsError BAD_SOURCE if the data is damaged, cut off or gives more than `maxLength`,
 * UNSUPPORTED if it needs a larger window than the codec has memory for.
 */
export async function zstdDecompress(bytes: Uint8Array, maxLength: number): Promise<Uint8Array> {
  const length = contentBound(bytes);
  if (length > maxLength) {
    throw new CramfsError('BAD_SOURCE', `would be more than ${maxLength} bytes decompressed`);
  }
  const stream = await openZstdStream(() => {
    throw new CramfsError('UNSUPPORTED', 'Zstandard data with a window of more than 8 MiB');
  });
  const content = new Uint8Array(new SharedArrayBuffer(length));
  let filled = 0;
  const collect = (piece: Uint8Array): void => {
    content.set(piece, filled);
    filled += piece.length;
  };
  for (const chunk of chunks(bytes)) {
    if (!stream.transform(chunk, collect)) throw damaged('its content does not decompress');
  }
  if (!stream.end(collect)) throw damaged('its content does not decompress');
  stream.delete();
  return content.subarray(0, filled);
}

function* chunks(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
}

/** Bytes that the frames of `bytes` give at most. Also makes sure that none is cut off. */
function contentBound(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  let bound = 0;
  try {
    for (let at = 0; at < bytes.length;) {
      const magic = view.getUint32(at, true);
      if ((magic & ~0xf) >>> 0 === SKIPPABLE_MAGIC) {
        at += 8 + view.getUint32(at + 4, true);
      } else if (magic === MAGIC) {
        const frame = scanFrame(view, at);
        bound += frame.bound;
        at = frame.end;
      } else {
        throw damaged('other data follows it');
      }
      if (at > bytes.length) throw damaged('it is cut off');
    }
  } catch (error) {
    if (error instanceof RangeError) throw damaged('it is cut off');
    throw error;
  }
  return bound;
}

/** Walks over the blocks of the frame at `start`; a RangeError of `view` means: cut off. */
function scanFrame(view: DataView, start: number): { end: number; bound: number } {
  const descriptor = view.getUint8(start + 4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const hasChecksum = (descriptor & 0x04) !== 0;
  const contentSizeFlag = (descriptor >> 6) as 0 | 1 | 2 | 3;
  let at =
    start +
    5 +
    (singleSegment ? 0 : 1) +
    DICTIONARY_ID_SIZES[(descriptor & 3) as 0 | 1 | 2 | 3] +
    (singleSegment && contentSizeFlag === 0 ? 1 : CONTENT_SIZE_SIZES[contentSizeFlag]);
  let bound = 0;
  for (let last = false; !last;) {
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    at += BLOCK_HEADER_SIZE;
    last = (header & 1) !== 0;
    const size = header >> 3;
    switch ((header >> 1) & 3) {
      case RAW_BLOCK:
        bound += size;
        at += size;
        break;
      case RLE_BLOCK:
        bound += size;
        at += 1;
        break;
      case COMPRESSED_BLOCK:
        bound += MAX_BLOCK_SIZE;
        at += size;
        break;
      default:
        throw damaged('it has a block of a reserved type');
    }
  }
  return { end: at + (hasChecksum ? 4 : 0), bound };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(how: string): CramfsError {
  return new CramfsError('BAD_SOURCE', `damaged Zstandard data: ${how}`);
}
