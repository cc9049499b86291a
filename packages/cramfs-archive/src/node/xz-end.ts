import { crc32 } from 'node:zlib';

/** CRC, backward size, flags and magic: the .xz file format, section 2.1.2. */
const FOOTER_SIZE = 12;
const MAGIC = Buffer.from('YZ');
const MAGIC_AT = 10;
/** All parts of a stream are multiples of this. */
const ALIGNMENT = 4;

/**
 * Passes on an xz stream up to its footer: the decompressor takes what follows as an error, and then loses
 * its latest output.
 */
export async function* withoutTrailer(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  /** Where `tail` starts in the stream. */
  let start = 0;
  let tail = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([tail, chunk]);
    const end = footerEnd(bytes, start);
    if (end !== undefined) {
      yield bytes.subarray(0, end);
      return;
    }
    const passed = Math.max(0, bytes.length - FOOTER_SIZE);
    if (passed > 0) yield bytes.subarray(0, passed);
    tail = Buffer.from(bytes.subarray(passed));
    start += passed;
  }
  yield tail;
}

/** @param start of `bytes` in the stream. */
function footerEnd(bytes: Buffer, start: number): number | undefined {
  for (let at = bytes.indexOf(MAGIC); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
    const footer = at - MAGIC_AT;
    if (footer < 0 || (start + footer) % ALIGNMENT !== 0) continue;
    if (crc32(bytes.subarray(footer + 4, at)) === bytes.readUInt32LE(footer)) {
      return at + MAGIC.length;
    }
  }
  return undefined;
}
