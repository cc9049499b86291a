import { lzmaCompress } from 'cramfs-archive/lzma';
import type { BlockBatch, CompressedBatch } from './block-batch.js';
import { packBlocks } from './pack-blocks.js';

/** The start of a .lzma stream: properties and dictionary size, then eight bytes of length. */
const PROPERTIES_SIZE = 5;
const HEADER_SIZE = PROPERTIES_SIZE + 8;
const LENGTH_SIZE = 4;
/** The dictionary of this mode has 64 KiB, as much as the largest block. */
const MODE = 1;

/** Compresses one batch in OpenRG's form of blocks: properties, length in four bytes, data. */
export function compressBatchWithLzma(batch: BlockBatch): CompressedBatch {
  return packBlocks(batch, openRgBlock);
}

function openRgBlock(block: Uint8Array): Uint8Array {
  const stream = lzmaCompress(block, MODE);
  const packed = new Uint8Array(stream.length - HEADER_SIZE + PROPERTIES_SIZE + LENGTH_SIZE);
  packed.set(stream.subarray(0, PROPERTIES_SIZE));
  new DataView(packed.buffer).setUint32(PROPERTIES_SIZE, block.length, true);
  packed.set(stream.subarray(HEADER_SIZE), PROPERTIES_SIZE + LENGTH_SIZE);
  return packed;
}
