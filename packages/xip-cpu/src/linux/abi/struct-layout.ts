import { invariant } from 'cramfs-format';

/** C types of fields. `long`, `ulong` and `ptr` are as large as a register. */
export type FieldType =
  'u8' | 'u16' | 's16' | 'u32' | 's32' | 'u64' | 's64' | 'long' | 'ulong' | 'ptr';

/** A field: its name, its type, and the length if it is an array. */
export type Field = readonly [name: string, type: FieldType, count?: number];

export type FieldValue = number | bigint | Uint8Array;
export type FieldValues = Readonly<Record<string, FieldValue>>;

interface PlacedField {
  readonly type: FieldType;
  readonly size: number;
  readonly count: number;
  readonly offset: number;
}

/**
 * A C structure as a little-endian ABI lays it out: each field at a multiple of its size, the whole a
 * multiple of the largest. Values of 64 bits are aligned to 8 bytes, as the ABIs of ARM (EABI) and
 * RISC-V have it.
 */
export class StructLayout {
  /** sizeof() */
  readonly size: number;
  private readonly fields = new Map<string, PlacedField>();

  constructor(fields: readonly Field[], pointerSize: 4 | 8, alignment = 1) {
    let at = 0;
    let largest = alignment;
    for (const [name, type, count = 1] of fields) {
      const size = sizeOf(type, pointerSize);
      at = Math.ceil(at / size) * size;
      this.fields.set(name, { type, size, count, offset: at });
      at += size * count;
      largest = Math.max(largest, size);
    }
    this.size = Math.ceil(at / largest) * largest;
  }

  /** offsetof() */
  offsetOf(name: string): number {
    return this.field(name).offset;
  }

  /**
   * Returns the bytes of a structure; a field without a value is 0. The value of an array is bytes,
   * or its first element.
   */
  encode(values: FieldValues): Uint8Array {
    const bytes = new Uint8Array(this.size);
    const view = new DataView(bytes.buffer);
    for (const [name, value] of Object.entries(values)) {
      const { offset, size, count } = this.field(name);
      if (value instanceof Uint8Array) bytes.set(value.subarray(0, size * count), offset);
      else store(view, offset, size, value);
    }
    return bytes;
  }

  /** Reads a field of a structure. Beyond 2^53 the number is rounded. */
  get(bytes: Uint8Array, name: string): number {
    const { offset, size, type } = this.field(name);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const isSigned = type === 'long' || type.startsWith('s');
    switch (size) {
      case 1:
        return view.getUint8(offset);
      case 2:
        return isSigned ? view.getInt16(offset, true) : view.getUint16(offset, true);
      case 4:
        return isSigned ? view.getInt32(offset, true) : view.getUint32(offset, true);
      default:
        return Number(isSigned ? view.getBigInt64(offset, true) : view.getBigUint64(offset, true));
    }
  }

  /** Returns the bytes of a field. */
  part(bytes: Uint8Array, name: string): Uint8Array {
    const { offset, size, count } = this.field(name);
    return bytes.subarray(offset, offset + size * count);
  }

  private field(name: string): PlacedField {
    const field = this.fields.get(name);
    invariant(field !== undefined, `a structure without ${name}`);
    return field;
  }
}

function sizeOf(type: FieldType, pointerSize: 4 | 8): number {
  switch (type) {
    case 'u8':
      return 1;
    case 'u16':
    case 's16':
      return 2;
    case 'u32':
    case 's32':
      return 4;
    case 'u64':
    case 's64':
      return 8;
    case 'long':
    case 'ulong':
    case 'ptr':
      return pointerSize;
  }
}

function store(view: DataView, offset: number, size: number, value: number | bigint): void {
  switch (size) {
    case 1:
      view.setUint8(offset, Number(value));
      break;
    case 2:
      view.setUint16(offset, Number(value), true);
      break;
    case 4:
      view.setUint32(offset, Number(value) >>> 0, true);
      break;
    default:
      view.setBigUint64(offset, BigInt.asUintN(64, BigInt(value)), true);
  }
}
