import { CramfsError } from 'cramfs-format';
import { ChunkReader } from '../chunk-reader.js';
import { MAGIC_LENGTH, allChunks, compressionOf, gunzip, unzstd } from './compression.js';
import { GrowingBytes } from './growing-bytes.js';

/** What a file holds, decompressed. */
export interface Unpacked {
  readonly compression: 'none' | 'gzip' | 'zstd';
  /** Bytes in memory that worker threads can share. */
  readonly bytes: Uint8Array;
}

export interface UnpackLimits {
  /** Most bytes of what is not compressed. */
  readonly plain: number;
  /** Most bytes of what is, decompressed. */
  readonly unpacked: number;
}

/**
 * Reads a stream to its end into one memory, decompressed if its first bytes say gzip or Zstandard.
 * Compressed data is not kept.
 *
 * @throws CramfsError BAD_SOURCE if the data is damaged or cut off, or there is more than the limit;
 * UNSUPPORTED for Zstandard's large windows; the errors of the stream and of zlib.
 */
export async function unpack(
  source: AsyncIterable<Uint8Array>,
  limits: UnpackLimits,
): Promise<Unpacked> {
  const reader = new ChunkReader(source);
  try {
    const found = compressionOf(await reader.peek(MAGIC_LENGTH));
    if (found !== 'gzip' && found !== 'zstd') {
      return { compression: 'none', bytes: await collect(allChunks(reader), limits.plain) };
    }
    const pieces = found === 'gzip' ? gunzip(reader) : unzstd(reader);
    return { compression: found, bytes: await collect(pieces, limits.unpacked) };
  } finally {
    await reader.close();
  }
}

async function collect(pieces: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const content = new GrowingBytes(limit);
  for await (const piece of pieces) {
    if (content.append(piece)) continue;
    throw new CramfsError('BAD_SOURCE', `there are more than ${limit} bytes`);
  }
  return content.bytes;
}
