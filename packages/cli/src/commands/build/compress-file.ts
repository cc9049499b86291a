import { readFileSync, rmSync } from 'node:fs';
import { AtomicFile, temporaryName } from 'mkcramfs/node';
import type { Compression } from '../../building/request.js';

/** The highest level for which the WebAssembly module has enough memory. */
const ZSTD_LEVEL = 9;
/** The module copies its input into that memory. */
const PIECE = 1 << 20;

/**
 * Lets `produce` write a file and puts it compressed at `path`, which appears or changes only on success. The
 * same content gives the same bytes everywhere: both compressors are JavaScript or WebAssembly, and a gzip
 * head without time and name.
 */
export async function compressFile<T>(
  path: string,
  compression: Exclude<Compression, 'none'>,
  produce: (path: string) => Promise<T>,
): Promise<T> {
  const file = new AtomicFile(path);
  const raw = temporaryName(path);
  try {
    const result = await produce(raw);
    file.write(await compress(readFileSync(raw), compression));
    file.commit();
    return result;
  } finally {
    file.abort();
    rmSync(raw, { force: true });
  }
}

async function compress(
  bytes: Uint8Array,
  compression: Exclude<Compression, 'none'>,
): Promise<Uint8Array> {
  if (compression === 'gz') {
    const { gzip } = await import('pako');
    return gzip(bytes);
  }
  const { ZstdCodec } = (await import('zstd-codec')).default;
  return new Promise((resolve, reject) => {
    ZstdCodec.run(({ Streaming }) => {
      const packed = new Streaming().compressChunks(pieces(bytes), bytes.length, ZSTD_LEVEL);
      if (packed === null) reject(new Error('zstd cannot compress the image'));
      else resolve(packed);
    });
  });
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}
