import {
  BLOCK_POINTER_BITS,
  BLOCK_POINTER_SIZE,
  CRAMFS_INODE_SIZE,
  INODE_WORDS,
  SUPERBLOCK,
  decodeBlockPointer,
  fileType,
  formatMode,
  getU32,
  nameFieldLength,
  nameToText,
  bytesToName,
  unpackWord,
  type Endianness,
  type FieldKinds,
  type Structure,
} from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';

/** A field of a structure: its place, its value and its meaning. */
export interface Field {
  /** In bytes from the start of the image, or of the file's content. */
  readonly start: number;
  readonly end: number;
  /** The structure, named as its header file does. */
  readonly structure: string;
  readonly name: string;
  /** The stored value, as a number or a text. */
  readonly value: string;
  /** Its meaning, if that differs from the value. */
  readonly meaning: string | undefined;
}

function hex(value: number | bigint, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

/** The fields of a structure that has a table. */
export function structureFields(
  { name: structure, kinds, at }: Structure<FieldKinds>,
  view: DataView,
  start: number,
  littleEndian: boolean,
  origin = 0,
): Field[] {
  return Object.entries(kinds).map(([name, { size, as }]) => {
    const from = start + at[name]!;
    const bytes = new Uint8Array(view.buffer, view.byteOffset + from, size);
    const value =
      as === 'text'
        ? `"${nameToText(bytesToName(bytes).replace(/\0.*$/s, ''))}"`
        : as === 'bytes'
          ? Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
          : numberText(view, from, size, littleEndian);
    return {
      start: origin + from,
      end: origin + from + size,
      structure,
      name,
      value,
      meaning: undefined,
    };
  });
}

function numberText(view: DataView, at: number, size: number, littleEndian: boolean): string {
  switch (size) {
    case 1:
      return hex(view.getUint8(at), 2);
    case 2:
      return hex(view.getUint16(at, littleEndian), 4);
    case 4:
      return hex(view.getUint32(at, littleEndian), 8);
    default:
      return hex(view.getBigUint64(at, littleEndian), 16);
  }
}

const INODE = 'struct cramfs_inode';

/** Returns the meaning of an inode's field, if that is not the number. */
function inodeMeaning(name: string, value: number): string | undefined {
  if (name === 'mode') return `${formatMode(value)}, ${fileType(value) ?? 'no known type'}`;
  if (name === 'namelen') return `${value * 4} bytes of name`;
  if (name === 'offset') return `data at ${hex(value * 4)}`;
  if (name === 'size') return `${value} bytes`;
  return undefined;
}

/** The bit-fields of a `struct cramfs_inode`. */
export function inodeFields(view: DataView, at: number, endianness: Endianness): Field[] {
  return INODE_WORDS.flatMap((word, index) => {
    const start = at + 4 * index;
    const values: Record<string, number> = {};
    unpackWord<string>(getU32(view, start, endianness), word, endianness, values);
    let used = 0;
    return word.map(([name, width]) => {
      // Either byte order fills words from their first byte.
      const field = {
        start: start + Math.floor(used / 8),
        end: start + Math.ceil((used + width) / 8),
        structure: INODE,
        name,
        value: name === 'mode' ? `0${values[name]!.toString(8)}` : String(values[name]),
        meaning: inodeMeaning(name, values[name]!),
      };
      used += width;
      return field;
    });
  });
}

/** The superblock with its root inode. */
export function superblockFields({ view, superblock, endianness, dialect }: CramfsImage): Field[] {
  const { offset } = superblock;
  const isLinux = dialect.inodes.size === CRAMFS_INODE_SIZE;
  const root = offset + SUPERBLOCK.at.root;
  return [
    ...structureFields(SUPERBLOCK, view, offset, endianness === 'little').filter(
      ({ name }) => !isLinux || name !== 'root',
    ),
    ...(isLinux ? inodeFields(view, root, endianness) : []),
  ];
}

/** Entries of a directory that reach into a range of the image. */
export function directoryFields(
  { view, bytes, endianness, dialect: { inodes } }: CramfsImage,
  directory: readonly [start: number, end: number],
  from: number,
  to: number,
): Field[] {
  const fields: Field[] = [];
  const [start, end] = directory;
  for (let at = start; at + inodes.size <= Math.min(end, to);) {
    const raw = inodes.decode(view, at, endianness);
    const nameAt = at + inodes.size;
    const next = nameAt + nameFieldLength(raw);
    if (next > end) break;
    if (next > from) {
      if (inodes.size === CRAMFS_INODE_SIZE) fields.push(...inodeFields(view, at, endianness));
      fields.push({
        start: nameAt,
        end: next,
        structure: 'directory entry',
        name: 'name',
        value: `"${nameToText(bytesToName(bytes.subarray(nameAt, next)).replace(/\0+$/, ''))}"`,
        meaning: undefined,
      });
    }
    at = next;
  }
  return fields;
}

/** Block pointers in a range of the image. @param owner the name of their file, a byte string. */
export function pointerFields(
  { view, endianness }: CramfsImage,
  table: readonly [start: number, end: number],
  owner: string,
  from: number,
  to: number,
): Field[] {
  const fields: Field[] = [];
  const [start, end] = table;
  const first = Math.max(0, Math.floor((from - start) / BLOCK_POINTER_SIZE));
  for (let index = first; ; index += 1) {
    const at = start + index * BLOCK_POINTER_SIZE;
    if (at >= to || at + BLOCK_POINTER_SIZE > end) break;
    const raw = getU32(view, at, endianness);
    fields.push({
      start: at,
      end: at + BLOCK_POINTER_SIZE,
      structure: `block pointers of ${nameToText(owner)}`,
      name: `block ${index}`,
      value: hex(raw, 8),
      meaning: pointerMeaning(raw),
    });
  }
  return fields;
}

/** A pointer in words. */
export function pointerMeaning(raw: number): string {
  const pointer = decodeBlockPointer(raw);
  const place =
    pointer.kind === 'end' ? `ends at ${hex(pointer.end)}` : `starts at ${hex(pointer.start)}`;
  return `${pointer.uncompressed ? 'uncompressed' : 'compressed'}, ${place}`;
}

/** A part of a block pointer's 32 bits. */
export interface PointerBits {
  readonly name: string;
  /** Bits from the highest to the lowest. */
  readonly high: number;
  readonly low: number;
  readonly value: number;
}

/** The parts of a block pointer, the highest bits first, from the table that decodes it. */
export function pointerBits(raw: number): PointerBits[] {
  let low = 0;
  return BLOCK_POINTER_BITS.map(([name, width]) => {
    const part = {
      name,
      low,
      high: low + width - 1,
      value: Math.floor(raw / 2 ** low) % 2 ** width,
    };
    low += width;
    return part;
  }).reverse();
}
