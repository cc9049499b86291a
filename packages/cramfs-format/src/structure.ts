import { bytesToName, nameToBytes } from './name.js';

/** How a field of a structure is stored, and what it is in JavaScript. */
export interface FieldKind<As extends keyof FieldValues = keyof FieldValues> {
  /** Size in bytes. */
  readonly size: number;
  readonly as: As;
}

interface FieldValues {
  readonly number: number;
  readonly bigint: bigint;
  /** A byte string (see name.ts) without its padding of zeros. */
  readonly text: string;
  readonly bytes: Uint8Array;
}

export const U8: FieldKind<'number'> = { size: 1, as: 'number' };
export const U16: FieldKind<'number'> = { size: 2, as: 'number' };
export const U32: FieldKind<'number'> = { size: 4, as: 'number' };
/** A word of a 32-bit machine, where the same field has 64 bits on others. */
export const WORD32: FieldKind<'bigint'> = { size: 4, as: 'bigint' };
export const WORD64: FieldKind<'bigint'> = { size: 8, as: 'bigint' };

/** A text of at most `size` bytes. */
export function textField(size: number): FieldKind<'text'> {
  return { size, as: 'text' };
}

/** Bytes with a layout of their own, or none. */
export function bytesField(size: number): FieldKind<'bytes'> {
  return { size, as: 'bytes' };
}

/** The fields of a C structure in the order of their declaration. */
export type FieldKinds = Readonly<Record<string, FieldKind>>;

/** What {@link decodeStructure} makes of a structure. */
export type StructureValues<Kinds extends FieldKinds> = {
  readonly [Name in keyof Kinds]: FieldValues[Kinds[Name]['as']];
};

/**
 * The layout of a structure as it is stored: the one table that decoding, encoding, offsets in
 * findings and the documentation are made from.
 */
export interface Structure<Kinds extends FieldKinds> {
  /** The name in the header file that declares it, such as `struct cramfs_super`. */
  readonly name: string;
  /** Size in bytes. */
  readonly size: number;
  readonly kinds: Kinds;
  /** Where each field is, in bytes from the start of the structure. */
  readonly at: Readonly<Record<keyof Kinds, number>>;
}

/** Lays out a structure: one field after the other, without padding. */
export function structure<Kinds extends FieldKinds>(name: string, kinds: Kinds): Structure<Kinds> {
  let size = 0;
  const at: Record<string, number> = {};
  for (const [field, kind] of Object.entries(kinds)) {
    at[field] = size;
    size += kind.size;
  }
  return { name, size, kinds, at: at as Record<keyof Kinds, number> };
}

/**
 * Reads a structure at byte `start` of `view`; the caller has checked that its bytes are there. A
 * field of bytes is a view of them, not a copy.
 */
export function decodeStructure<Kinds extends FieldKinds>(
  { kinds, at }: Structure<Kinds>,
  view: DataView,
  start: number,
  littleEndian: boolean,
): StructureValues<Kinds> {
  const values: Record<string, FieldValues[keyof FieldValues]> = {};
  for (const name in kinds) {
    values[name] = decodeField(kinds[name]!, view, start + at[name], littleEndian);
  }
  return values as StructureValues<Kinds>;
}

function decodeField(
  { size, as }: FieldKind,
  view: DataView,
  at: number,
  littleEndian: boolean,
): FieldValues[keyof FieldValues] {
  if (as === 'number') return getNumber(view, at, size, littleEndian);
  if (as === 'bigint') {
    return size === 8
      ? view.getBigUint64(at, littleEndian)
      : BigInt(view.getUint32(at, littleEndian));
  }
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, size);
  if (as === 'bytes') return bytes;
  const end = bytes.indexOf(0);
  return bytesToName(end < 0 ? bytes : bytes.subarray(0, end));
}

function getNumber(view: DataView, at: number, size: number, littleEndian: boolean): number {
  if (size === 4) return view.getUint32(at, littleEndian);
  return size === 2 ? view.getUint16(at, littleEndian) : view.getUint8(at);
}

/** Names of the fields that are numbers or texts. */
type Writable<Kinds extends FieldKinds> = {
  [Name in keyof Kinds]: Kinds[Name] extends FieldKind<'number' | 'text'> ? Name : never;
}[keyof Kinds];

/**
 * Writes fields of a structure at byte `start` of `view`. Writes the low bits of a number that does not fit
 * its field, and the beginning of a text. Fields that are not in `values` stay as they are.
 */
export function encodeFields<Kinds extends FieldKinds>(
  { kinds, at }: Structure<Kinds>,
  view: DataView,
  start: number,
  values: Readonly<Partial<Pick<StructureValues<Kinds>, Writable<Kinds>>>>,
  littleEndian: boolean,
): void {
  for (const [name, value] of Object.entries(values as Readonly<Record<string, string | number>>)) {
    const place = start + at[name]!;
    const { size } = kinds[name]!;
    if (typeof value === 'number') {
      setNumber(view, place, size, value, littleEndian);
      continue;
    }
    const bytes = new Uint8Array(view.buffer, view.byteOffset + place, size);
    bytes.fill(0);
    bytes.set(nameToBytes(value).subarray(0, bytes.length));
  }
}

function setNumber(
  view: DataView,
  at: number,
  size: number,
  value: number,
  littleEndian: boolean,
): void {
  if (size === 4) view.setUint32(at, value, littleEndian);
  else if (size === 2) view.setUint16(at, value, littleEndian);
  else view.setUint8(at, value);
}
