import { CramfsError, concatBytes } from 'cramfs-format';
import { Inflate } from 'pako';

/** Compressed bytes at a time. */
const PIECE = 1 << 16;

/** True for the magic and the one method of gzip (RFC 1952). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

/**
 * Decompresses gzip data without any of Node's modules.
 *
 * @param maxLength most bytes that the result may have.
 * @throws CramfsError BAD_SOURCE if the data is damaged or truncated; TOO_BIG.
 */
export function gunzip(bytes: Uint8Array, maxLength: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  const inflate = new Inflate();
  inflate.onData = (chunk) => {
    length += chunk.length;
    if (length > maxLength) throw new CramfsError('TOO_BIG', 'the archive is too large');
    parts.push(chunk);
  };
  for (let at = 0; at < bytes.length && inflate.err === 0; at += PIECE) {
    inflate.push(bytes.subarray(at, at + PIECE), at + PIECE >= bytes.length);
  }
  if (inflate.err !== 0 || !inflate.ended) {
    throw new CramfsError('BAD_SOURCE', 'the compressed archive is damaged or cut off');
  }
  return concatBytes(parts);
}
