import { createReadStream } from 'node:fs';
import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CramfsError, bytesToName, type CramfsErrorCode } from 'cramfs-format';
import { ChunkReader, UnexpectedEnd } from '../chunk-reader.js';
import { systemReason } from './system-error.js';
import { openZstdStream } from './zstd-stream.js';
import { ZstdFormatError, zstdBlocks } from './zstd-blocks.js';

/** An archive being read, uncompressed. */
export interface TarStream {
  /** Its name for messages, a byte string. */
  readonly file: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

type Format = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'lzip' | 'lz4' | 'compress';

/** How compressed files begin; names lie. */
const MAGICS: readonly (readonly [format: Format, magic: readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['lzip', [0x4c, 0x5a, 0x49, 0x50]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
  ['compress', [0x1f, 0x9d]],
];
const MAGIC_LENGTH = 6;

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
 * Passes on what `source` holds, uncompressed if it is gzip or zstd. Exported for other sources
 * than files.
 *
 * @param file its name for errors, a byte string.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<Uint8Array> {
  const fail = (code: CramfsErrorCode, message: string, cause?: unknown): CramfsError =>
    new CramfsError(code, message, { path: file, cause });
  const reader = new ChunkReader(source);
  try {
    const start = await reader.peek(MAGIC_LENGTH);
    const format = MAGICS.find(([, magic]) => magic.every((byte, at) => byte === start[at]))?.[0];
    switch (format) {
      case undefined:
        yield* allChunks(reader);
        break;
      case 'gzip':
        yield* gunzip(reader);
        break;
      case 'zstd':
        yield* unzstd(reader, fail);
        break;
      case 'xz':
      case 'bzip2':
      case 'lzip':
      case 'lz4':
      case 'compress':
        throw fail(
          'UNSUPPORTED',
          `${format} is not supported: decompress it first, and pipe it in`,
        );
    }
  } catch (error) {
    if (error instanceof CramfsError) throw error;
    throw fail('BAD_SOURCE', `cannot be read: ${systemReason(error)}`, error);
  } finally {
    await reader.close();
  }
}

async function* allChunks(reader: ChunkReader): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunk = await reader.some(Infinity);
    if (chunk === undefined) return;
    yield chunk;
  }
}

async function* gunzip(reader: ChunkReader): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  // Errors of either side come out of the iteration below.
  pipeline(Readable.from(allChunks(reader), { objectMode: false }), gunzip, () => undefined);
  yield* gunzip as AsyncIterable<Uint8Array>;
}

async function* unzstd(
  reader: ChunkReader,
  fail: (code: CramfsErrorCode, message: string) => CramfsError,
): AsyncGenerator<Uint8Array> {
  const stream = await openZstdStream(() => {
    const message = 'compressed with a window of more than 8 MiB';
    throw fail('UNSUPPORTED', `${message}: decompress it first, and pipe it in`);
  });
  const output: Uint8Array[] = [];
  const collect = (bytes: Uint8Array): void => {
    if (bytes.length > 0) output.push(bytes);
  };
  try {
    for await (const block of zstdBlocks(reader)) {
      if (!stream.transform(block, collect) || !stream.flush(collect)) throw new ZstdFormatError();
      yield* output.splice(0);
    }
    if (!stream.end(collect)) throw new ZstdFormatError();
  } catch (error) {
    if (error instanceof ZstdFormatError) throw fail('BAD_SOURCE', 'bad zstd data');
    if (error instanceof UnexpectedEnd) throw fail('BAD_SOURCE', 'zstd data that was cut short');
    throw error;
  }
  yield* output;
  stream.delete();
}
