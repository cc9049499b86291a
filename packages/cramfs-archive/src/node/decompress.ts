import { createReadStream } from 'node:fs';
import { CramfsError, bytesToName, isCramfsError, withPath } from 'cramfs-format';
import { ChunkReader } from '../chunk-reader.js';
import { MAGIC_LENGTH, allChunks, compressionOf, gunzip, unzstd } from './compression.js';
import { systemReason } from './system-error.js';

/** An archive being read, uncompressed. */
export interface TarStream {
  /** Its name for messages, a byte string. */
  readonly file: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Opens a tar archive, plain or compressed with gzip or zstd, whatever its name says.
 *
 * @param path `-` for the standard input.
 * @returns chunks that throw CramfsError when they are read: BAD_SOURCE if the file cannot be read
 * or its compressed data is bad, UNSUPPORTED for other compressions. Giving up early closes the file.
 */
export function openTarStream(path: string): TarStream {
  const fromStdin = path === '-';
  const file = fromStdin ? 'standard input' : bytesToName(Buffer.from(path));
  const source = fromStdin ? process.stdin : createReadStream(path, { highWaterMark: 1 << 18 });
  return { file, chunks: decompress(source, file) };
}

/**
 * Passes on the content of `source`, decompressed if it is gzip or zstd. Exported for sources other than
 * files.
 *
 * @param file its name for errors, a byte string.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<Uint8Array> {
  const reader = new ChunkReader(source);
  try {
    const compression = compressionOf(await reader.peek(MAGIC_LENGTH));
    switch (compression) {
      case undefined:
        yield* allChunks(reader);
        break;
      case 'gzip':
        yield* gunzip(reader);
        break;
      case 'zstd':
        yield* unzstd(reader);
        break;
      case 'xz':
      case 'bzip2':
      case 'lzip':
      case 'lz4':
      case 'compress':
        throw new CramfsError(
          'UNSUPPORTED',
          `${compression} is not supported: decompress it first, and pipe it in`,
        );
    }
  } catch (cause) {
    if (isCramfsError(cause)) throw withPath(cause, file);
    const message = `cannot be read: ${systemReason(cause)}`;
    throw new CramfsError('BAD_SOURCE', message, { path: file, cause });
  } finally {
    await reader.close();
  }
}
