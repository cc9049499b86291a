/** CRC-32 (IEEE 802.3, reflected) by slicing-by-8: the checksum of the superblock's fsid. */

const SLICE = 256;
/** Slice k, at k * SLICE: what a byte adds to the checksum k bytes later. */
const TABLE = makeTable();

function makeTable(): Uint32Array {
  const table = new Uint32Array(8 * SLICE);
  for (let byte = 0; byte < SLICE; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = (crc & 1) === 0 ? crc >>> 1 : 0xedb88320 ^ (crc >>> 1);
    }
    table[byte] = crc;
  }
  for (let at = SLICE; at < table.length; at += 1) {
    const crc = table[at - SLICE]!;
    table[at] = (crc >>> 8) ^ table[crc & 0xff]!;
  }
  return table;
}

/**
 * Continues `crc` over `bytes`, as zlib's crc32() does: start with 0, feed pieces in order.
 *
 * @returns the unsigned 32-bit checksum.
 */
export function crc32(bytes: Uint8Array, crc = 0): number {
  const table = TABLE;
  let state = ~crc;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    state ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    state =
      table[7 * SLICE + (state & 0xff)]! ^
      table[6 * SLICE + ((state >>> 8) & 0xff)]! ^
      table[5 * SLICE + ((state >>> 16) & 0xff)]! ^
      table[4 * SLICE + (state >>> 24)]! ^
      table[3 * SLICE + bytes[at + 4]!]! ^
      table[2 * SLICE + bytes[at + 5]!]! ^
      table[SLICE + bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at += 1) {
    state = (state >>> 8) ^ table[(state ^ bytes[at]!) & 0xff]!;
  }
  return ~state >>> 0;
}
