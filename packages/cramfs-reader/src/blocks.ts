import {
  BLOCK_POINTER_SIZE,
  CramfsError,
  DIRECT_LENGTH_SIZE,
  blockCount,
  decodeBlockPointer,
  getU16,
  getU32,
  plural,
  fileTypeName,
} from 'cramfs-format';
import type { ImageData } from './image-data.js';
import type { Block, Inode } from './types.js';

/**
 * Number of blocks of a file or symlink, once its pointer table is known to lie in the image.
 *
 * @throws CramfsError WRONG_TYPE, BAD_ENTRY (content, but no data offset) or OUT_OF_RANGE.
 */
export function checkedBlockCount(image: ImageData, inode: Inode): number {
  const { dataOffset, entryOffset, size, type } = inode;
  if (type !== 'file' && type !== 'symlink') {
    throw new CramfsError('WRONG_TYPE', `a ${fileTypeName(type)} has no blocks`, {
      offset: entryOffset,
    });
  }
  if (image.unreadable !== undefined) {
    const message = `${image.dialect.title}: ${image.unreadable}`;
    throw new CramfsError('UNSUPPORTED', message, { offset: entryOffset });
  }
  if (size === 0) return 0;
  const extent = image.dialect.extent?.(image.bytes, inode);
  if (extent !== undefined) {
    if (extent + size > image.size) throw extentOutside(image, inode, extent);
    return blockCount(size, image.blockSize);
  }
  if (dataOffset === 0) {
    throw new CramfsError(
      'BAD_ENTRY',
      `a ${fileTypeName(type)} of ${plural(size, 'byte')} has no data offset`,
      {
        offset: entryOffset,
      },
    );
  }
  const count = blockCount(size, image.blockSize);
  const end = dataOffset + count * BLOCK_POINTER_SIZE;
  if (end > image.size) {
    throw new CramfsError(
      'OUT_OF_RANGE',
      `a table of ${count} block pointers at ${dataOffset} reaches beyond the image's end at ${image.size}`,
      { offset: dataOffset },
    );
  }
  return count;
}

/**
 * Decodes block `index` of `count`, by the rules of fs/cramfs/inode.c:cramfs_read_folio() except
 * one: the last block of a file of whole blocks is a whole block, also when it is direct and
 * uncompressed (Linux takes `size mod 4096`, 0, for its length).
 *
 * @throws CramfsError BAD_BLOCK for lengths that Linux refuses, OUT_OF_RANGE for data outside.
 */
export function decodeBlock(image: ImageData, inode: Inode, index: number, count: number): Block {
  const extent = image.dialect.extent?.(image.bytes, inode);
  if (extent !== undefined) return extentBlock(image, inode, extent, index);
  const block = locateBlock(image, inode, index, count);
  const fault = blockFault(image, block);
  if (fault !== undefined) {
    const { start, length, pointerOffset: offset } = block;
    throw fault === 'BAD_BLOCK'
      ? new CramfsError(
          fault,
          `bad length of block ${index}: ${plural(length, 'byte')} from ${start}`,
          {
            offset,
          },
        )
      : new CramfsError(
          fault,
          `block ${index}, ${plural(length, 'byte')} from ${start}, reaches beyond the image's end at ${image.size}`,
          { offset },
        );
  }
  return block;
}

/** A block of a file stored in one piece, which has no pointers. */
function extentBlock(
  { blockSize }: ImageData,
  { entryOffset, size: fileSize }: Inode,
  extent: number,
  index: number,
): Block {
  const at = index * blockSize;
  const size = Math.min(blockSize, fileSize - at);
  return {
    index,
    kind: 'uncompressed',
    direct: true,
    raw: 0,
    pointerOffset: entryOffset,
    start: extent + at,
    length: size,
    size,
  };
}

function extentOutside(image: ImageData, { entryOffset, size }: Inode, extent: number) {
  return new CramfsError(
    'OUT_OF_RANGE',
    `${plural(size, 'byte')} from ${extent} reach beyond the image's end at ${image.size}`,
    { offset: entryOffset },
  );
}

/** The parts of an image that {@link locateBlock} uses. */
export type BlockSource = Pick<ImageData, 'view' | 'endianness' | 'blockSize' | 'size'>;

/**
 * Decodes what {@link decodeBlock} does, but without its checks: `length` may be negative or too large, and
 * `start` outside. Bytes beyond `image.size` read as 0: a direct compressed block whose length is there is a
 * hole; in a pointer table there, the first block ends before its start and the others are holes.
 */
export function locateBlock(
  image: BlockSource,
  inode: Pick<Inode, 'dataOffset' | 'size'>,
  index: number,
  count: number,
): Block {
  const pointerOffset = inode.dataOffset + index * BLOCK_POINTER_SIZE;
  const raw = pointerAt(image, pointerOffset);
  const pointer = decodeBlockPointer(raw);
  const { uncompressed } = pointer;
  const direct = pointer.kind === 'direct';
  const size = index === count - 1 ? inode.size - index * image.blockSize : image.blockSize;

  let start: number;
  let length: number;
  if (pointer.kind === 'end') {
    start =
      index === 0
        ? inode.dataOffset + count * BLOCK_POINTER_SIZE
        : endOfPrevious(image, pointerOffset - BLOCK_POINTER_SIZE);
    length = pointer.end - start;
  } else if (uncompressed) {
    start = pointer.start;
    length = size;
  } else {
    start = pointer.start + DIRECT_LENGTH_SIZE;
    length = directLength(image, pointer.start);
  }
  const kind = length === 0 ? 'hole' : uncompressed ? 'uncompressed' : 'compressed';
  return { index, kind, direct, raw, pointerOffset, start, length, size };
}

/** What is wrong with a located block, if anything. */
export function blockFault(
  image: ImageData,
  { raw, start, length }: Block,
): 'BAD_BLOCK' | 'OUT_OF_RANGE' | undefined {
  const limit = decodeBlockPointer(raw).uncompressed ? image.blockSize : 2 * image.blockSize;
  if (length < 0 || length > limit) return 'BAD_BLOCK';
  return start + length > image.size ? 'OUT_OF_RANGE' : undefined;
}

/** Starts of blocks whose pointers tell their ends have as many bits as the pointers. */
const END_LIMIT = 2 ** 30;

/** Where the block of the pointer at `pointerOffset` ends, as the next one's start. */
function endOfPrevious(image: BlockSource, pointerOffset: number): number {
  const previous = decodeBlockPointer(pointerAt(image, pointerOffset));
  if (previous.kind === 'end') return previous.end;
  const length = previous.uncompressed
    ? image.blockSize
    : DIRECT_LENGTH_SIZE + directLength(image, previous.start);
  return (previous.start + length) % END_LIMIT;
}

function pointerAt(image: BlockSource, at: number): number {
  return at + BLOCK_POINTER_SIZE <= image.size ? getU32(image.view, at, image.endianness) : 0;
}

/** The u16 before the data of a direct compressed block. */
function directLength(image: BlockSource, start: number): number {
  const inside = start + DIRECT_LENGTH_SIZE <= image.size;
  return inside ? getU16(image.view, start, image.endianness) : 0;
}

/**
 * The bytes of the file that `block` holds: exactly `block.size` of them.
 *
 * @returns a view of the image, or fresh memory.
 * @throws CramfsError BAD_DATA if the stored bytes give another length or do not inflate.
 */
export function blockContent(image: ImageData, block: Block): Uint8Array {
  return contentOf(image, block, (stored) => image.zlib.inflate(stored, block.size));
}

/** Like {@link blockContent}, but the result is valid only until the next block's content is requested. */
export function borrowBlockContent(image: ImageData, block: Block): Uint8Array {
  const { zlib } = image;
  return contentOf(
    image,
    block,
    (stored) => zlib.borrow?.(stored, block.size) ?? zlib.inflate(stored, block.size),
  );
}

function contentOf(
  image: ImageData,
  block: Block,
  inflate: (stored: Uint8Array) => Uint8Array,
): Uint8Array {
  if (block.kind === 'hole') return new Uint8Array(block.size);
  const stored = image.bytes.subarray(block.start, block.start + block.length);
  if (block.kind === 'uncompressed') {
    if (block.length < block.size) throw badLength(block, block.length);
    return stored.subarray(0, block.size);
  }
  let content: Uint8Array;
  try {
    content = inflate(stored);
  } catch (cause) {
    // Running out of memory is not an error of the image.
    if (cause instanceof RangeError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CramfsError('BAD_DATA', `block ${block.index} does not inflate: ${reason}`, {
      offset: block.start,
      cause,
    });
  }
  if (content.length !== block.size) throw badLength(block, content.length);
  return content;
}

function badLength(block: Block, length: number): CramfsError {
  return new CramfsError(
    'BAD_DATA',
    `block ${block.index} holds ${plural(length, 'byte')}, not ${block.size}`,
    { offset: block.start },
  );
}
