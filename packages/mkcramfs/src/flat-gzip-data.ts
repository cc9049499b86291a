import { gzip } from 'pako';
import { concatBytes } from 'cramfs-format';
import { FLAT_FLAG_GZDATA, FLAT_VERSION, mapsFlatText, parseFlat } from 'cramfs-elf';
import { BlockDeflater, type Effort } from 'cramfs-deflate';

/** Offset of the flags in a `struct flat_hdr`. */
const FLAGS_AT = 36;
const BLOCK_POINTER = 4;

/** The first is best for tables of data; relocations, which count up evenly, need no search. */
const LEVELS = [9, 1] as const;

/** Made when it is first needed. */
let deflater: BlockDeflater | undefined;

interface BlockOptions {
  readonly blockSize: number;
  readonly effort: Effort;
}

/**
 * A bFLT program with data and relocations as one gzip stream (FLAT_FLAG_GZDATA), if that makes the image
 * smaller: a stream compresses better than blocks do, and the blocks of the stream compress a little again.
 * The text stays as it is, so that it can be in place. Compare fs/binfmt_flat.c:load_flat_file().
 *
 * @param content the whole file; other programs, and other forms of bFLT, are left alone.
 * @returns undefined if it is to be left alone.
 */
export function withGzippedData(
  content: Uint8Array,
  options: BlockOptions,
): Uint8Array | undefined {
  const header = parseFlat(content);
  if (header?.rev !== FLAT_VERSION || !mapsFlatText(header)) return undefined;
  const { dataStart, dataEnd, relocStart, relocCount, flags } = header;
  const hasRelocations = relocCount > 0;
  // Bytes after the part that the kernel reads would be lost.
  const isWhole =
    content.length === dataEnd + relocCount * 4 && (!hasRelocations || relocStart === dataEnd);
  if (!isWhole || dataStart >= content.length || (flags & FLAT_FLAG_GZDATA) !== 0) return undefined;
  const text = content.slice(0, dataStart);
  new DataView(text.buffer).setUint32(FLAGS_AT, flags | FLAT_FLAG_GZDATA);
  // The last page of the text is in place, and so is any data in it.
  const start = Math.ceil(dataStart / options.blockSize) * options.blockSize;
  let best: Uint8Array | undefined;
  let least = storedBytes(content, start, options);
  for (const level of LEVELS) {
    // Of pako's hashes, zlib's finds the short matches of address tables.
    const stream = gzip(content.subarray(dataStart), { level, legacyHash: true });
    const gzipped = concatBytes([text, stream]);
    const bytes = storedBytes(gzipped, start, options);
    if (bytes >= least) continue;
    best = gzipped;
    least = bytes;
  }
  return best;
}

/** How much the blocks from `start` on, a block boundary, take in the image, with their pointers. */
function storedBytes(
  content: Uint8Array,
  start: number,
  { blockSize, effort }: BlockOptions,
): number {
  deflater ??= new BlockDeflater();
  let bytes = 0;
  for (let at = start; at < content.length; at += blockSize) {
    const block = content.subarray(at, at + blockSize);
    bytes += Math.min(block.length, deflater.compress(block, effort).length) + BLOCK_POINTER;
  }
  return bytes;
}
