import { lzmaCompress } from 'cramfs-archive/lzma';
import { concatBytes } from 'cramfs-format';
import type { BlockBatch, CompressedBatch } from './block-batch.js';

/** Properties and dictionary size, then eight bytes of length: what a .lzma stream starts with. */
const PROPERTIES_SIZE = 5;
const HEADER_SIZE = PROPERTIES_SIZE + 8;
const LENGTH_SIZE = 4;
/** The dictionary of this mode has 64 KiB, as much as the largest block. */
const MODE = 1;

/** Compresses one batch as OpenRG has its blocks: properties, length in four bytes, data. */
export function compressBatchWithLzma({
  data,
  lengths,
  keepIncompressible,
}: BlockBatch): CompressedBatch {
  const outputs: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    const block = data.subarray(at, at + length);
    const packed = openRgBlock(block);
    outputs.push(keepIncompressible && packed.length >= length ? block : packed);
    at += length;
  }
  return {
    data: concatBytes(outputs),
    lengths: outputs.map((output) => output.length),
    spent: data.buffer,
  };
}

function openRgBlock(block: Uint8Array): Uint8Array {
  const stream = lzmaCompress(block, MODE);
  const packed = new Uint8Array(stream.length - HEADER_SIZE + PROPERTIES_SIZE + LENGTH_SIZE);
  packed.set(stream.subarray(0, PROPERTIES_SIZE));
  new DataView(packed.buffer).setUint32(PROPERTIES_SIZE, block.length, true);
  packed.set(stream.subarray(HEADER_SIZE), PROPERTIES_SIZE + LENGTH_SIZE);
  return packed;
}
