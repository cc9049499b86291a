/** Bytes that a deflate block may leave uncompressed (RFC 1951, 3.2.4). */
const MAX_STORED = 0xffff;
const ADLER_BASE = 65521;
/** Sums of this many bytes fit in 32 bits (like zlib's NMAX). */
const ADLER_RUN = 5552;

const HEADER = 2;
const PART_HEADER = 5;
const CHECKSUM = 4;

/** Bytes of the {@link storedStream} of a block. */
export function storedLength(bytes: number): number {
  return HEADER + PART_HEADER * partsOf(bytes) + bytes + CHECKSUM;
}

function partsOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / MAX_STORED));
}

/**
 * A zlib stream that holds `block` as it is, for a block that does not get smaller but must not be stored
 * uncompressed. Linux takes streams of up to two pages (compare fs/cramfs/inode.c:cramfs_read_folio()).
 */
export function storedStream(block: Uint8Array): Uint8Array {
  const parts = partsOf(block.length);
  const stream = new Uint8Array(storedLength(block.length));
  const view = new DataView(stream.buffer);
  view.setUint16(0, 0x7801);
  let to = HEADER;
  for (let part = 0; part < parts; part += 1) {
    const piece = block.subarray(part * MAX_STORED, (part + 1) * MAX_STORED);
    stream[to] = part === parts - 1 ? 1 : 0;
    view.setUint16(to + 1, piece.length, true);
    view.setUint16(to + 3, ~piece.length, true);
    stream.set(piece, to + PART_HEADER);
    to += PART_HEADER + piece.length;
  }
  view.setUint32(to, adler32(block));
  return stream;
}

/** The checksum of RFC 1950. */
function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let from = 0; from < bytes.length; from += ADLER_RUN) {
    const end = Math.min(from + ADLER_RUN, bytes.length);
    for (let at = from; at < end; at += 1) {
      a += bytes[at]!;
      b += a;
    }
    a %= ADLER_BASE;
    b %= ADLER_BASE;
  }
  return ((b << 16) | a) >>> 0;
}
