import { ZStream, Z_NO_FLUSH, Z_OK, zlibInflate, zlibInflateInit2 } from 'pako';
import { SyscallError } from '../errno.js';
import type { OpenFile } from '../vfs/file.js';
import { readProgram } from './open-exec.js';

/** LBUFSIZE: what is read of the file at a time. */
const PIECE = 4000;
/** Of a raw stream without a header: -MAX_WBITS. */
const RAW_WINDOW = -15;

// The flags of a gzip header, RFC 1952 and what came before it.
const CONTINUATION = 0x02;
const EXTRA_FIELD = 0x04;
const ORIG_NAME = 0x08;
const COMMENT = 0x10;
const ENCRYPTED = 0x20;
const RESERVED = 0xc0;

/**
 * Inflates a gzip stream of a bFLT file. One that is cut off gives what there is; checksum and length
 * behind it are not looked at. Compare fs/binfmt_flat.c:decompress_exec().
 *
 * @param length at most; what the program has room for.
 * @throws SyscallError ENOEXEC if it is none, or damaged, or longer.
 */
export function inflateFlat(file: OpenFile, position: number, length: number): Uint8Array {
  const first = readProgram(file, position, PIECE);
  const stream = new ZStream();
  stream.input = first;
  stream.next_in = headerLength(first);
  stream.avail_in = first.length - stream.next_in;
  const output = new Uint8Array(length);
  stream.output = output;
  stream.next_out = 0;
  stream.avail_out = length;
  zlibInflateInit2(stream, RAW_WINDOW);
  let at = position + first.length;
  let status = zlibInflate(stream, Z_NO_FLUSH);
  while (status === Z_OK) {
    const piece = readProgram(file, at, PIECE);
    if (piece.length === 0) break;
    at += piece.length;
    stream.input = piece;
    stream.next_in = 0;
    stream.avail_in = piece.length;
    status = zlibInflate(stream, Z_NO_FLUSH);
  }
  if (status < 0) throw new SyscallError('ENOEXEC', 'the gzip stream cannot be inflated');
  return output.subarray(0, stream.next_out);
}

/** @throws SyscallError ENOEXEC */
function headerLength(bytes: Uint8Array): number {
  const flags = bytes[3] ?? 0;
  const isGzip = bytes[0] === 0x1f && (bytes[1] === 0x8b || bytes[1] === 0x9e) && bytes[2] === 8;
  if (bytes.length < 10 || !isGzip || (flags & (ENCRYPTED | CONTINUATION | RESERVED)) !== 0) {
    throw new SyscallError('ENOEXEC', 'no gzip stream where the flags promise one');
  }
  let at = 10;
  if ((flags & EXTRA_FIELD) !== 0) at += 2 + (bytes[10] ?? 0) + 256 * (bytes[11] ?? 0);
  for (const field of [ORIG_NAME, COMMENT]) {
    if ((flags & field) !== 0) at = bytes.indexOf(0, at) + 1 || PIECE;
  }
  if (at >= PIECE) throw new SyscallError('ENOEXEC', 'the gzip header is too long');
  return Math.min(at, bytes.length);
}
