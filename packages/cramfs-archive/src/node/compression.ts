import { Readable, pipeline } from 'node:stream';
import { CramfsError } from 'cramfs-format';
import { UnexpectedEnd, type ChunkReader } from '../chunk-reader.js';
import { openZstdStream } from './zstd-stream.js';
import { ZstdFormatError, zstdBlocks } from './zstd-blocks.js';

export type Compression = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'lzip' | 'lz4' | 'compress';

/** How compressed files begin; names lie. */
const MAGICS: readonly (readonly [compression: Compression, magic: readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['lzip', [0x4c, 0x5a, 0x49, 0x50]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
  ['compress', [0x1f, 0x9d]],
];

/** Bytes that {@link compressionOf} looks at. */
export const MAGIC_LENGTH = 6;

/** Bytes of gzip output at a time: more would be more garbage, and not faster. */
const GUNZIP_CHUNK = 2 ** 16;

/** The compression of a file that starts with these bytes; undefined if it seems to have none. */
export function compressionOf(start: Uint8Array): Compression | undefined {
  return MAGICS.find(([, magic]) => magic.every((byte, at) => byte === start[at]))?.[0];
}

/** Passes on the rest of a reader's input, piece by piece. */
export async function* allChunks(reader: ChunkReader): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunk = await reader.some(Infinity);
    if (chunk === undefined) return;
    yield chunk;
  }
}

/**
 * Decompresses gzip data of any number of members.
 *
 * @throws CramfsError BAD_SOURCE if it is damaged or cut off.
 */
export async function* gunzip(reader: ChunkReader): AsyncGenerator<Uint8Array> {
  // Loading it takes a tenth of what a command does with a small image that is not compressed.
  const { createGunzip } = await import('node:zlib');
  const stream = createGunzip({ chunkSize: GUNZIP_CHUNK });
  // Errors of both sides are thrown by the iteration below.
  pipeline(Readable.from(allChunks(reader), { objectMode: false }), stream, () => undefined);
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } catch (cause) {
    if (!(cause instanceof Error) || !isZlibError(cause)) throw cause;
    throw new CramfsError('BAD_SOURCE', `bad gzip data: ${cause.message}`, { cause });
  }
}

function isZlibError(error: NodeJS.ErrnoException): boolean {
  return error.code?.startsWith('Z_') === true;
}

/**
 * Decompresses Zstandard data of any number of frames.
 *
 * @throws CramfsError BAD_SOURCE if it is damaged or cut off, UNSUPPORTED if it needs a larger window
 * than the codec has memory for.
 */
export async function* unzstd(reader: ChunkReader): AsyncGenerator<Uint8Array> {
  const stream = await openZstdStream(() => {
    const message = 'compressed with a window of more than 8 MiB';
    throw new CramfsError('UNSUPPORTED', `${message}: decompress it first, and pipe it in`);
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
    if (error instanceof ZstdFormatError) throw new CramfsError('BAD_SOURCE', 'bad zstd data');
    if (!(error instanceof UnexpectedEnd)) throw error;
    throw new CramfsError('BAD_SOURCE', 'zstd data that was cut short');
  }
  yield* output;
  stream.delete();
}
