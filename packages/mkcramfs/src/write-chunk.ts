import {
  BLOCK_POINTER_SIZE,
  DIRECT_LENGTH_SIZE,
  encodeBlockPointer,
  setU16,
  setU32,
  type BlockPointer,
  type Endianness,
} from 'cramfs-format';
import type { Chunk } from './layout/layout.js';
import type { SequentialSink } from './sequential-sink.js';

/** Writes a chunk that is placed, and whose targets are. */
export function writeChunk(chunk: Chunk, endianness: Endianness, sink: SequentialSink): void {
  const table = new Uint8Array(chunk.pointers.length * BLOCK_POINTER_SIZE);
  const view = new DataView(table.buffer);
  chunk.pointers.forEach(({ kind, anchor, offset, uncompressed }, index) => {
    const target = anchor.position + offset;
    const pointer: BlockPointer =
      kind === 'end' ? { kind, end: target, uncompressed } : { kind, start: target, uncompressed };
    setU32(view, index * BLOCK_POINTER_SIZE, encodeBlockPointer(pointer), endianness);
  });
  sink.writeAt(chunk.position, table);
  for (const { offset, block, lengthPrefix } of chunk.pieces) {
    if (lengthPrefix) {
      const length = new Uint8Array(DIRECT_LENGTH_SIZE);
      setU16(new DataView(length.buffer), 0, block.length, endianness);
      sink.writeAt(chunk.position + offset - DIRECT_LENGTH_SIZE, length);
    }
    sink.writeAt(chunk.position + offset, block.bytes);
  }
}
