import { concatBytes } from 'cramfs-format';
import { Inflate } from 'pako';
import { SyscallError } from '../../errno.js';

/** What a Uint8Array can hold everywhere. */
const MAX_ARCHIVE = 2 ** 31 - 1;
/** Compressed bytes at a time. */
const PIECE = 1 << 16;

/** True for the magic and the one method of gzip (RFC 1952). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

/** @throws SyscallError EINVAL for what is damaged or cut off; EFBIG. */
export function gunzip(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  const inflate = new Inflate();
  inflate.onData = (chunk) => {
    length += chunk.length;
    if (length > MAX_ARCHIVE) throw new SyscallError('EFBIG', 'the archive is too large');
    parts.push(chunk);
  };
  for (let at = 0; at < bytes.length && inflate.err === 0; at += PIECE) {
    inflate.push(bytes.subarray(at, at + PIECE), at + PIECE >= bytes.length);
  }
  if (inflate.err !== 0 || !inflate.ended) {
    throw new SyscallError('EINVAL', 'the compressed archive is damaged or cut off');
  }
  return concatBytes(parts);
}
