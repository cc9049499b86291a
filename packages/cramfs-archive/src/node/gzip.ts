import { createGunzip } from 'node:zlib';
import { CramfsError } from 'cramfs-format';
import { GrowingBytes } from './growing-bytes.js';

/** What is decompressed at a time. */
const CHUNK = 2 ** 20;

/**
 * Decompresses gzip data, of any number of members.
 *
 * @param maxLength bytes that the result may have.
 * @returns memory that worker threads can share.
 * @throws CramfsError BAD_SOURCE if the result would have more than `maxLength` bytes; zlib's error
 * if the data is damaged or cut off.
 */
export async function gzipDecompress(stored: Uint8Array, maxLength: number): Promise<Uint8Array> {
  const content = new GrowingBytes(maxLength);
  const gunzip = createGunzip({ chunkSize: CHUNK });
  gunzip.end(stored);
  for await (const piece of gunzip as AsyncIterable<Uint8Array>) {
    if (content.append(piece)) continue;
    throw new CramfsError('BAD_SOURCE', `would be more than ${maxLength} bytes decompressed`);
  }
  return content.bytes;
}
