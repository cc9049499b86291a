import {
  BLOCK_POINTER_SIZE,
  DIRECT_LENGTH_SIZE,
  encodeBlockPointer,
  setU16,
  setU32,
  type BlockPointer,
  type Endianness,
} from 'cramfs-format';
import type { Piece, UnwrittenChunk } from './layout/layout.js';
import type { SequentialSink } from './sequential-sink.js';

/** Where the pieces end that start with `first` and are neighbours in memory and in the image: views of each would take time. */
function endOfNeighbours(pieces: readonly Piece[], first: number): number {
  let end = first + 1;
  for (; end < pieces.length; end += 1) {
    const last = pieces[end - 1]!;
    const { offset, block, lengthPrefix } = pieces[end]!;
    if (lengthPrefix || last.offset + last.block.length !== offset) break;
    if (!last.block.precedes(block)) break;
  }
  return end;
}

/** Writes a chunk that is placed, and whose targets are. */
export function writeChunk(
  chunk: UnwrittenChunk,
  endianness: Endianness,
  sink: SequentialSink,
): void {
  const table = new Uint8Array(chunk.pointers.length * BLOCK_POINTER_SIZE);
  const view = new DataView(table.buffer);
  chunk.pointers.forEach(({ kind, anchor, offset, uncompressed }, index) => {
    const target = anchor.position + offset;
    const pointer: BlockPointer =
      kind === 'end' ? { kind, end: target, uncompressed } : { kind, start: target, uncompressed };
    setU32(view, index * BLOCK_POINTER_SIZE, encodeBlockPointer(pointer), endianness);
  });
  sink.writeAt(chunk.position, table);
  const { pieces } = chunk;
  for (let at = 0; at < pieces.length;) {
    const { offset, block, lengthPrefix } = pieces[at]!;
    if (lengthPrefix) {
      const length = new Uint8Array(DIRECT_LENGTH_SIZE);
      setU16(new DataView(length.buffer), 0, block.length, endianness);
      sink.writeAt(chunk.position + offset - DIRECT_LENGTH_SIZE, length);
    }
    const end = endOfNeighbours(pieces, at);
    sink.writeAt(chunk.position + offset, block.bytesTo(pieces[end - 1]!.block));
    at = end;
  }
}
