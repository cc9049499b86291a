import { U32, bytesField, decodeStructure, structure, type StructureValues } from 'cramfs-format';

/** Load text and data together into RAM. */
export const FLAT_FLAG_RAM = 0x01;
/** The data starts with a table of addresses that ends with -1. */
export const FLAT_FLAG_GOTPIC = 0x02;
/** All but the header is one gzip stream. */
export const FLAT_FLAG_GZIP = 0x04;
/** Data and relocations are one gzip stream; the text is not. */
export const FLAT_FLAG_GZDATA = 0x08;
/** The kernel logs how it loads the program. */
export const FLAT_FLAG_KTRACE = 0x10;

/** FLAT_VERSION; what elf2flt writes. */
export const FLAT_VERSION = 4;
/** OLD_FLAT_VERSION; loaded by kernels with CONFIG_BINFMT_FLAT_OLD. */
export const OLD_FLAT_VERSION = 2;

/** The kernel refuses a program with a length in its header of this much or more. */
export const MAX_FLAT_LENGTH = 1 << 28;

/** include/linux/flat.h; numbers are big-endian. */
export const FLAT_HEADER = structure('struct flat_hdr', {
  magic: bytesField(4),
  rev: U32,
  entry: U32,
  dataStart: U32,
  dataEnd: U32,
  bssEnd: U32,
  stackSize: U32,
  relocStart: U32,
  relocCount: U32,
  flags: U32,
  buildDate: U32,
  filler: bytesField(20),
});
/** Bytes of a `struct flat_hdr`. */
export const FLAT_HEADER_SIZE = FLAT_HEADER.size;

/**
 * A bFLT header as stored. Offsets count from the start of the file, or of its uncompressed form, header
 * included.
 */
export type FlatHeader = Omit<StructureValues<(typeof FLAT_HEADER)['kinds']>, 'magic' | 'filler'>;

/** True if `bytes` starts with the magic of a bFLT program. */
export function isFlat(bytes: Uint8Array): boolean {
  return bytes[0] === 0x62 && bytes[1] === 0x46 && bytes[2] === 0x4c && bytes[3] === 0x54;
}

/**
 * Parses the header of a bFLT program.
 *
 * @param bytes the file, or its start. A file shorter than the header is padded with zeros, as in the kernel.
 * @returns undefined without the magic.
 */
export function parseFlat(bytes: Uint8Array): FlatHeader | undefined {
  if (!isFlat(bytes)) return undefined;
  const padded = new Uint8Array(FLAT_HEADER_SIZE);
  padded.set(bytes.subarray(0, FLAT_HEADER_SIZE));
  const fields = decodeStructure(FLAT_HEADER, new DataView(padded.buffer), 0, false);
  const { rev, entry, dataStart, dataEnd, bssEnd, stackSize, flags, buildDate } = fields;
  const { relocStart, relocCount } = fields;
  return {
    ...{ rev, entry, dataStart, dataEnd, bssEnd, stackSize, relocStart, relocCount, flags },
    buildDate,
  };
}

/**
 * True if the kernel maps the text from the file; otherwise it reads text and data into one block of
 * RAM. Old versions have only this flag. Compare fs/binfmt_flat.c:load_flat_file().
 */
export function mapsFlatText({ rev, flags }: Pick<FlatHeader, 'rev' | 'flags'>): boolean {
  if (rev === OLD_FLAT_VERSION) return flags === 0;
  return (flags & (FLAT_FLAG_RAM | FLAT_FLAG_GZIP)) === 0;
}

/**
 * The lengths that the kernel computes from a header, in bytes, except `relocations`, which is their number.
 * They are u32: a negative length becomes a very large one. Compare fs/binfmt_flat.c:load_flat_file().
 *
 * @param pointerSize of the machine: room for the relocations is counted in its words.
 */
export function flatLengths(
  header: FlatHeader,
  pointerSize = 4,
): Readonly<Record<'text' | 'data' | 'bss' | 'stack' | 'relocations' | 'fullData', number>> {
  const { dataStart, dataEnd, bssEnd, stackSize, relocCount } = header;
  const data = (dataEnd - dataStart) >>> 0;
  return {
    text: dataStart,
    data,
    bss: (bssEnd - dataEnd) >>> 0,
    stack: stackSize,
    relocations: relocCount,
    fullData: (data + relocCount * pointerSize) >>> 0,
  };
}
