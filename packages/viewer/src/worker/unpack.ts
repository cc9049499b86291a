import { CramfsError } from 'cramfs-format';
import { decompress } from 'fzstd';

/** No image is larger than 272 MiB; a firmware file may hold several. */
const MAX_UNPACKED = 2 ** 31 - 1;

/**
 * The content of a file, decompressed if its magic says gzip or Zstandard.
 *
 * @throws CramfsError BAD_SOURCE for damaged compressed data, TOO_BIG.
 */
export async function unpack(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzip(bytes);
  if (bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd) {
    try {
      return decompress(bytes);
    } catch (cause) {
      throw damaged(cause);
    }
  }
  return bytes;
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw damaged(cause);
    });
    if (done) break;
    length += value.length;
    if (length > MAX_UNPACKED) throw new CramfsError('TOO_BIG', 'the unpacked file is too large');
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function damaged(cause: unknown): CramfsError {
  const message = 'the compressed file is damaged or cut off';
  return new CramfsError('BAD_SOURCE', message, { cause });
}
