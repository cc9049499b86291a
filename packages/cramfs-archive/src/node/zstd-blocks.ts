import type { ChunkReader } from '../chunk-reader.js';

/** Zstandard's frame format: RFC 8878, section 3.1. */
const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const LONGEST_FRAME_HEADER = 18;
const BLOCK_HEADER_SIZE = 3;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;
const CHECKSUM_SIZE = 4;
const DICTIONARY_ID_SIZES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_SIZES = [0, 2, 4, 8] as const;

/** The data is not Zstandard's. */
export class ZstdFormatError extends Error {
  override readonly name = 'ZstdFormatError';
  readonly code = 'BAD_ZSTD';
}

/**
 * Cuts a Zstandard stream at the ends of its blocks. No block gives more than 128 KiB, so a caller that
 * decompresses one piece at a time never holds more than that, although four bytes can encode as much.
 *
 * @throws ZstdFormatError, UnexpectedEnd
 */
export async function* zstdBlocks(reader: ChunkReader): AsyncGenerator<Uint8Array> {
  for (;;) {
    const start = await reader.peek(LONGEST_FRAME_HEADER);
    if (start.length === 0) return;
    const view = new DataView(start.buffer, start.byteOffset, start.length);
    const magic = start.length < 8 ? 0 : view.getUint32(0, true);
    if ((magic & 0xfffffff0) === SKIPPABLE_MAGIC) {
      await reader.skip(8 + view.getUint32(4, true));
      continue;
    }
    if (magic >>> 0 !== MAGIC) throw new ZstdFormatError('no Zstandard frame');
    const descriptor = view.getUint8(4);
    yield await reader.take(frameHeaderSize(descriptor));
    yield* frameBlocks(reader, (descriptor & 4) !== 0);
  }
}

function frameHeaderSize(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSize = CONTENT_SIZE_SIZES[(descriptor >> 6) as 0 | 1 | 2 | 3];
  return (
    5 +
    (isSingleSegment ? 0 : 1) +
    DICTIONARY_ID_SIZES[(descriptor & 3) as 0 | 1 | 2 | 3] +
    (contentSize === 0 && isSingleSegment ? 1 : contentSize)
  );
}

async function* frameBlocks(reader: ChunkReader, hasChecksum: boolean): AsyncGenerator<Uint8Array> {
  for (let isLast = false; !isLast;) {
    const [low = 0, middle = 0, high = 0] = await reader.peek(BLOCK_HEADER_SIZE);
    const header = low | (middle << 8) | (high << 16);
    const type = (header >> 1) & 3;
    if (type === RESERVED_BLOCK) throw new ZstdFormatError('reserved block type');
    isLast = (header & 1) !== 0;
    const content = type === RLE_BLOCK ? 1 : header >> 3;
    const checksum = isLast && hasChecksum ? CHECKSUM_SIZE : 0;
    yield await reader.take(BLOCK_HEADER_SIZE + content + checksum);
  }
}
