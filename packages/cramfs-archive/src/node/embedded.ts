import { CramfsError } from 'cramfs-format';
import { ChunkReader, UnexpectedEnd } from '../chunk-reader.js';
import { allChunks, unzstd } from './compression.js';
import { withoutTrailer } from './xz-end.js';
import { GrowingBytes } from './growing-bytes.js';

/** Compressed streams that are searched for inside other files. */
export type EmbeddedKind = 'gzip' | 'zstd' | 'xz' | 'lzma';

/** How they start. */
export const EMBEDDED_MAGICS: readonly (readonly [kind: EmbeddedKind, magic: readonly number[]])[] =
  [
    ['gzip', [0x1f, 0x8b, 0x08]],
    ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
    ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
    // Properties lc 3, lp 0, pb 2, which everybody uses, and a dictionary size in multiples of 64
    // KiB.
    ['lzma', [0x5d, 0x00, 0x00]],
  ];

/** Bytes that {@link canBeEmbedded} looks at. */
export const EMBEDDED_HEAD = 14;

/** The reserved flags of a gzip header. */
const GZIP_RESERVED = 0xe0;
const LZMA_HEADER = 13;
const LZMA_UNKNOWN_SIZE = 2n ** 64n - 1n;
/** Smaller than any image. */
const LEAST = 76n;

/**
 * True if `head` can begin a stream of the kind whose magic is there: three bytes alone occur by chance.
 */
export function canBeEmbedded(kind: EmbeddedKind, head: Uint8Array): boolean {
  if (head.length < EMBEDDED_HEAD) return false;
  if (kind === 'gzip') return (head[3]! & GZIP_RESERVED) === 0;
  if (kind !== 'lzma') return true;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const dictionary = view.getUint32(1, true);
  const size = view.getBigUint64(5, true);
  const isRound =
    Number.isInteger(Math.log2(dictionary)) || Number.isInteger(Math.log2(dictionary / 3));
  const isPossible = size === LZMA_UNKNOWN_SIZE || (size >= LEAST && size < 2n ** 32n);
  // The first byte of the range coder is zero.
  return isRound && isPossible && head[LZMA_HEADER] === 0;
}

/** What an embedded stream gives. */
export interface EmbeddedContent {
  /** Bytes in memory that worker threads can share. */
  readonly bytes: Uint8Array;
  /** Bytes of the stream itself that were read; 0 if unknown, as for lzma. */
  readonly length: number;
}

/** Told by those who read a stream. */
interface StreamPlace {
  end: number;
}

/**
 * Decompresses a stream that may be followed by anything. Damaged or too long streams are given up to the
 * damage, or to `limit`.
 *
 * @param source from the stream's first byte on.
 * @param limit most bytes to give.
 */
export async function unpackEmbedded(
  kind: EmbeddedKind,
  source: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<EmbeddedContent> {
  const content = new GrowingBytes(limit);
  const reader = new ChunkReader(source);
  const place: StreamPlace = { end: 0 };
  try {
    for await (const piece of piecesOf(kind, reader, limit, place)) {
      if (!content.append(piece)) break;
    }
  } catch (error) {
    if (!isFormatError(kind, error)) throw error;
  } finally {
    await reader.close();
  }
  return { bytes: content.bytes, length: place.end };
}

/** The errors of decompressors; those of reading the file are the system's. */
function isFormatError(kind: EmbeddedKind, error: unknown): boolean {
  if (error instanceof CramfsError || error instanceof UnexpectedEnd) return true;
  return (kind === 'xz' || kind === 'lzma') && error instanceof Error && !('syscall' in error);
}

function piecesOf(
  kind: EmbeddedKind,
  reader: ChunkReader,
  limit: number,
  place: StreamPlace,
): AsyncIterable<Uint8Array> {
  switch (kind) {
    case 'gzip':
      return gunzipMember(reader, place);
    case 'zstd':
      return unzstdFrames(reader, place);
    case 'xz':
      return unxz(reader, place);
    case 'lzma':
      return unlzma(reader, limit);
  }
}

/**
 * One member of gzip data. Does not use zlib's own gunzip, which takes what follows as another member, and if
 * that is invalid, discards its output.
 */
async function* gunzipMember(reader: ChunkReader, place: StreamPlace): AsyncGenerator<Uint8Array> {
  await skipGzipHeader(reader);
  const header = reader.offset;
  const { createInflateRaw } = await import('node:zlib');
  const stream = createInflateRaw();
  const pieces: Uint8Array[] = [];
  stream.on('data', (piece: Uint8Array) => pieces.push(piece));
  const ended = new Promise<boolean>((resolve) => {
    const end = (): void => {
      resolve(true);
    };
    stream.on('end', end).on('error', end);
  });
  for await (const chunk of allChunks(reader)) {
    // Node.js never calls back for data written after the end.
    const written = new Promise<boolean>((resolve) => {
      stream.write(chunk, () => {
        resolve(false);
      });
    });
    const isEnd = await Promise.race([written, ended]);
    yield* pieces.splice(0);
    place.end = header + stream.bytesWritten + (isEnd ? GZIP_TRAILER : 0);
    if (isEnd) return;
  }
}

/** CRC and length. */
const GZIP_TRAILER = 8;
const GZIP_HEADER = 10;
const GZIP_FLAGS = { headerCrc: 2, extra: 4, name: 8, comment: 16 } as const;

/** RFC 1952, section 2.3. */
async function skipGzipHeader(reader: ChunkReader): Promise<void> {
  const flags = (await reader.take(GZIP_HEADER))[3]!;
  if ((flags & GZIP_FLAGS.extra) !== 0) {
    const [low = 0, high = 0] = await reader.take(2);
    await reader.skip(low | (high << 8));
  }
  for (const text of [GZIP_FLAGS.name, GZIP_FLAGS.comment]) {
    if ((flags & text) === 0) continue;
    while ((await reader.take(1))[0] !== 0);
  }
  if ((flags & GZIP_FLAGS.headerCrc) !== 0) await reader.skip(2);
}

async function* unzstdFrames(reader: ChunkReader, place: StreamPlace): AsyncGenerator<Uint8Array> {
  for await (const piece of unzstd(reader)) {
    place.end = reader.offset;
    yield piece;
  }
}

async function* unxz(reader: ChunkReader, place: StreamPlace): AsyncGenerator<Uint8Array> {
  const { XzReadableStream } = await import('xz-decompress');
  const chunks = withoutTrailer(allChunks(reader));
  const compressed = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done === true) controller.close();
      else {
        place.end += next.value.length;
        controller.enqueue(Uint8Array.from(next.value));
      }
    },
  });
  const pieces = new XzReadableStream(compressed).getReader();
  for (let next = await pieces.read(); !next.done; next = await pieces.read()) yield next.value;
}

/** The library needs all the compressed input at once: this much at most. */
const MAX_LZMA = 2 ** 26;

async function* unlzma(reader: ChunkReader, limit: number): AsyncGenerator<Uint8Array> {
  const { lzmaDecompress } = await import('../lzma.js');
  const stored = new GrowingBytes(MAX_LZMA);
  for await (const chunk of allChunks(reader)) if (!stored.append(chunk)) break;
  const stream = Uint8Array.from(stored.bytes);
  const view = new DataView(stream.buffer);
  const size = view.getBigUint64(5, true);
  // A stream without a size ends with a mark. The limit ends it if there is none.
  if (size > BigInt(limit)) view.setBigUint64(5, BigInt(limit), true);
  yield lzmaDecompress(stream);
}
