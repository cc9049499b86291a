import { ZStream, Z_NO_FLUSH, Z_OK, zlibInflate, zlibInflateInit2 } from 'pako';

/** LBUFSIZE: how much of the file is read at a time. */
const PIECE = 4000;
/** The window bits of a raw stream without a header: -MAX_WBITS. */
const RAW_WINDOW = -15;

// Flags of a gzip header, from RFC 1952 and older formats.
const CONTINUATION = 0x02;
const EXTRA_FIELD = 0x04;
const ORIG_NAME = 0x08;
const COMMENT = 0x10;
const ENCRYPTED = 0x20;
const RESERVED = 0xc0;

/** Why the kernel does not load a program with a gzip stream. */
export type FlatGzipFault =
  | 'no gzip stream where the flags promise one'
  | 'the gzip header is too long'
  | 'the gzip stream cannot be inflated';

/**
 * Inflates a gzip stream of a bFLT file. A truncated one gives what there is; the checksum and length after
 * it are ignored. Compare fs/binfmt_flat.c:decompress_exec().
 *
 * @param read gives at most `length` bytes of the file; none past its end.
 * @param length of the result at most, in bytes; a longer stream is a fault.
 */
export function inflateFlat(
  read: (position: number, length: number) => Uint8Array,
  position: number,
  length: number,
): Uint8Array | FlatGzipFault {
  const first = read(position, PIECE);
  const start = headerLength(first);
  if (typeof start === 'string') return start;
  const stream = new ZStream();
  stream.input = first;
  stream.next_in = start;
  stream.avail_in = first.length - start;
  const output = new Uint8Array(length);
  stream.output = output;
  stream.next_out = 0;
  stream.avail_out = length;
  zlibInflateInit2(stream, RAW_WINDOW);
  let at = position + first.length;
  let status = zlibInflate(stream, Z_NO_FLUSH);
  while (status === Z_OK) {
    const piece = read(at, PIECE);
    if (piece.length === 0) break;
    at += piece.length;
    stream.input = piece;
    stream.next_in = 0;
    stream.avail_in = piece.length;
    status = zlibInflate(stream, Z_NO_FLUSH);
  }
  return status < 0 ? 'the gzip stream cannot be inflated' : output.subarray(0, stream.next_out);
}

function headerLength(bytes: Uint8Array): number | FlatGzipFault {
  const flags = bytes[3] ?? 0;
  const isGzip = bytes[0] === 0x1f && (bytes[1] === 0x8b || bytes[1] === 0x9e) && bytes[2] === 8;
  if (bytes.length < 10 || !isGzip || (flags & (ENCRYPTED | CONTINUATION | RESERVED)) !== 0) {
    return 'no gzip stream where the flags promise one';
  }
  let at = 10;
  if ((flags & EXTRA_FIELD) !== 0) at += 2 + (bytes[10] ?? 0) + 256 * (bytes[11] ?? 0);
  for (const field of [ORIG_NAME, COMMENT]) {
    if ((flags & field) !== 0) at = bytes.indexOf(0, at) + 1 || PIECE;
  }
  return at >= PIECE ? 'the gzip header is too long' : Math.min(at, bytes.length);
}
