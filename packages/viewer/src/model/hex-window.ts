import { DIRECT_LENGTH_SIZE, getU16 } from 'cramfs-format';
import type { CramfsImage, Inode } from 'cramfs-reader';
import { pointerTable, type Entries } from './entries.js';
import { FLASH_KINDS, rangeAt, rangeEnd, type FlashMap } from './flash-map.js';
import { directoryFields, pointerFields, superblockFields, type Field } from './fields.js';
import { programFields, readContent } from './program-fields.js';

/** Bytes that the hex view shows at a time. */
export const WINDOW = 4096;

/** Bytes of an image or of a file's content, and the structures in them. */
export interface HexWindow {
  /** Offset of the first byte. */
  readonly start: number;
  readonly bytes: Uint8Array;
  /** Bytes that there are in all. */
  readonly end: number;
  /** In the order of their offsets; fields of one byte or more each. */
  readonly fields: readonly Field[];
}

/** A window of the image's own bytes. */
export function imageWindow(
  image: CramfsImage,
  entries: Entries,
  map: FlashMap,
  offset: number,
): HexWindow {
  const { bytes } = image;
  const last = Math.max(0, Math.ceil(bytes.length / WINDOW) - 1);
  const start = Math.min(last, Math.max(0, Math.floor(offset / WINDOW))) * WINDOW;
  const stop = Math.min(bytes.length, start + WINDOW);
  const fields: Field[] = [];
  if (start < stop) {
    for (let range = rangeAt(map, start); range < map.starts.length; range += 1) {
      if (map.starts[range]! >= stop) break;
      fields.push(...rangeFields(image, entries, map, range, start, stop));
    }
  }
  return {
    start,
    bytes: bytes.slice(start, stop),
    end: bytes.length,
    fields: inOrder(fields, start, stop),
  };
}

/** A window of a file's content. @throws CramfsError if it cannot be read. */
export function contentWindow(image: CramfsImage, inode: Inode, offset: number): HexWindow {
  const last = Math.max(0, Math.ceil(inode.size / WINDOW) - 1);
  const start = Math.min(last, Math.max(0, Math.floor(offset / WINDOW))) * WINDOW;
  const stop = Math.min(inode.size, start + WINDOW);
  return {
    start,
    bytes: readContent(image, inode, start, stop),
    end: inode.size,
    fields: inOrder(programFields(image, inode), start, stop),
  };
}

function inOrder(fields: readonly Field[], start: number, stop: number): Field[] {
  return fields
    .filter((field) => field.start < stop && field.end > start)
    .sort((a, b) => a.start - b.start || a.end - b.end);
}

function rangeFields(
  image: CramfsImage,
  { list }: Entries,
  map: FlashMap,
  range: number,
  from: number,
  to: number,
): Field[] {
  const start = map.starts[range]!;
  const end = rangeEnd(map, range);
  const owner = list[map.owners[range]!];
  const kind = FLASH_KINDS[map.kinds[range]!]!;
  switch (kind) {
    case 'superblock':
      return superblockFields(image);
    case 'directory': {
      const { dataOffset, size } = owner!.inode;
      return directoryFields(image, [dataOffset, dataOffset + size], from, to);
    }
    case 'pointers': {
      const table = pointerTable(image, owner!.inode);
      return table === undefined
        ? []
        : pointerFields(image, table, owner!.name, Math.max(from, start), Math.min(to, end));
    }
    case 'compressed':
      return compressedFields(image, owner!.inode, map.blocks[range]!);
    case 'in-place':
    case 'tail':
    case 'stored':
      return storedFields(image, owner!.inode, map.blocks[range]!);
    case 'padding':
    case 'gap':
    case 'outside':
      return [];
  }
}

/** A direct compressed block has its length before it. */
function compressedFields(image: CramfsImage, inode: Inode, index: number): Field[] {
  const { start, length, direct } = image.block(inode, index);
  const structure = `block ${index}`;
  const stream = {
    start,
    end: start + length,
    structure,
    name: image.zlib.method === 'lzma' ? 'LZMA data' : 'zlib stream',
    value: `${length} bytes`,
    meaning: undefined,
  };
  if (!direct) return [stream];
  const at = start - DIRECT_LENGTH_SIZE;
  const value = String(getU16(image.view, at, image.endianness));
  return [{ start: at, end: start, structure, name: 'length', value, meaning: undefined }, stream];
}

/** Headers of a program that are stored as they are. */
function storedFields(image: CramfsImage, inode: Inode, index: number): Field[] {
  const { start, size } = image.block(inode, index);
  const first = index * image.blockSize;
  return programFields(image, inode)
    .filter((field) => field.start >= first && field.end <= first + size)
    .map((field) => ({
      ...field,
      start: field.start - first + start,
      end: field.end - first + start,
    }));
}
