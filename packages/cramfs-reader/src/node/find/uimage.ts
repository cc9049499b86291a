import { nodeZlib } from '../zlib.js';

const MAGIC = 0x27051956;
/** Bytes of the header of U-Boot's old image format. */
export const UIMAGE_HEADER = 64;
const HEADER_CRC_AT = 4;
const SIZE_AT = 12;
const DATA_CRC_AT = 24;
const NAME_AT = 32;

/** `image_header` of U-Boot's include/image.h; all numbers are big-endian. */
export interface UImageHeader {
  /** Bytes of the data that follow. */
  readonly size: number;
  readonly dataCrc: number;
  readonly name: string;
}

/** Reads the header in the first 64 bytes; undefined if there is none, or its CRC is wrong. */
export function readUImageHeader(bytes: Uint8Array): UImageHeader | undefined {
  if (bytes.length < UIMAGE_HEADER) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, UIMAGE_HEADER);
  if (view.getUint32(0) !== MAGIC || headerCrc(bytes) !== view.getUint32(HEADER_CRC_AT)) {
    return undefined;
  }
  return {
    size: view.getUint32(SIZE_AT),
    dataCrc: view.getUint32(DATA_CRC_AT),
    name: Buffer.from(bytes.subarray(NAME_AT, UIMAGE_HEADER))
      .toString('latin1')
      .replace(/\0.*$/s, ''),
  };
}

/** A copy of a header with another size and CRC of the data, and its own CRC updated. */
export function changedUImageHeader(
  header: Uint8Array,
  { size, dataCrc }: Pick<UImageHeader, 'size' | 'dataCrc'>,
): Uint8Array {
  const bytes = Uint8Array.from(header.subarray(0, UIMAGE_HEADER));
  const view = new DataView(bytes.buffer);
  view.setUint32(SIZE_AT, size);
  view.setUint32(DATA_CRC_AT, dataCrc);
  view.setUint32(HEADER_CRC_AT, headerCrc(bytes));
  return bytes;
}

/** Computed over the header with the field itself as zero. */
function headerCrc(bytes: Uint8Array): number {
  const header = Uint8Array.from(bytes.subarray(0, UIMAGE_HEADER));
  header.fill(0, HEADER_CRC_AT, HEADER_CRC_AT + 4);
  return nodeZlib.crc32(header);
}
