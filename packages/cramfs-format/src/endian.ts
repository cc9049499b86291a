/** Byte order of an image; Linux mounts only its own. */
export type Endianness = 'little' | 'big';

/** Reads an unsigned 32-bit value at byte `at`. */
export function getU32(view: DataView, at: number, endianness: Endianness): number {
  return view.getUint32(at, endianness === 'little');
}

/** Writes the low 32 bits of `value` at byte `at`. */
export function setU32(view: DataView, at: number, value: number, endianness: Endianness): void {
  view.setUint32(at, value, endianness === 'little');
}

/** Reads an unsigned 16-bit value at byte `at`. */
export function getU16(view: DataView, at: number, endianness: Endianness): number {
  return view.getUint16(at, endianness === 'little');
}

/** Writes the low 16 bits of `value` at byte `at`. */
export function setU16(view: DataView, at: number, value: number, endianness: Endianness): void {
  view.setUint16(at, value, endianness === 'little');
}
