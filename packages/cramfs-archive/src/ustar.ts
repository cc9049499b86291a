import { bytesToName, nameToBytes } from 'cramfs-format';

/** A tar consists of blocks of this many bytes. */
export const TAR_BLOCK_SIZE = 512;

/** What is wrong with an archive; its reader adds where. */
export class TarFormatError extends Error {
  override readonly name = 'TarFormatError';
  readonly code = 'BAD_TAR';
}

/**
 * A header block as stored. The formats differ in the magic: `ustar` (POSIX, also what pax headers
 * extend), `gnu`, and `v7`, which has none.
 */
export interface TarHeader {
  readonly format: 'ustar' | 'gnu' | 'v7';
  /** Byte string, with the ustar prefix. */
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of data after the header; their meaning depends on the type. */
  readonly size: number;
  /** One character; NUL stands for `0`. */
  readonly typeflag: string;
  readonly linkname: string;
  readonly devmajor: number;
  readonly devminor: number;
}

/** Where a field of a header is, in bytes. */
export type TarField = readonly [at: number, length: number];

/**
 * The fields of a header, named as in POSIX's description of the ustar format: reading and writing headers
 * both use this table.
 */
export const USTAR = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  chksum: [148, 8],
  typeflag: [156, 1],
  linkname: [157, 100],
  /** Magic and version: GNU tar has one text for both. */
  magic: [257, 8],
  devmajor: [329, 8],
  devminor: [337, 8],
  prefix: [345, 155],
} as const satisfies Record<string, TarField>;

/** What GNU tar has in place of the prefix, including the map of a sparse file. */
export const GNU = {
  all: [345, 167],
  sparse: [386, 96],
  isExtended: [482, 1],
  realSize: [483, 12],
} as const satisfies Record<string, TarField>;

/** What the magic field holds in headers of GNU tar, to which its `@LongLink` members belong. */
export const GNU_MAGIC = 'ustar  \0';

/** star puts times after a shorter prefix, and this at the end of the block. */
const XSTAR_TRAILER = [508, 4] as const;
const XSTAR_PREFIX_LENGTH = 131;

const SPACE = 0x20;
const ZERO = 0x30;

/** True if the block is zero: two of them end an archive. */
export function isZeroBlock(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/** True if the checksum is right, so that `block` must be taken as a header. */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length < TAR_BLOCK_SIZE) return false;
  const [at, length] = USTAR.chksum;
  const stored = octal(block, USTAR.chksum);
  if (stored === undefined) return false;
  // In the sum, the field itself counts as spaces. Some old writers summed signed characters.
  let unsigned = 0;
  let signed = 0;
  for (let index = 0; index < TAR_BLOCK_SIZE; index += 1) {
    const value = index >= at && index < at + length ? SPACE : block[index]!;
    unsigned += value;
    signed += value < 128 ? value : value - 256;
  }
  return stored === unsigned || stored === signed;
}

/**
 * Decodes a header block whose checksum was found right.
 *
 * @throws TarFormatError if a number cannot be read.
 */
export function decodeTarHeader(block: Uint8Array): TarHeader {
  const magic = text(block, USTAR.magic);
  const format = magic.startsWith('ustar\0') ? 'ustar' : magic === GNU_MAGIC ? 'gnu' : 'v7';
  const type = text(block, USTAR.typeflag);
  const isDevice = type === '3' || type === '4';
  return {
    format,
    name: withPrefix(block, format),
    mode: decodeTarNumber(block, USTAR.mode, 'mode'),
    uid: decodeTarNumber(block, USTAR.uid, 'uid'),
    gid: decodeTarNumber(block, USTAR.gid, 'gid'),
    size: decodeTarNumber(block, USTAR.size, 'size'),
    typeflag: type === '\0' ? '0' : type,
    linkname: decodeTarText(block, USTAR.linkname),
    // Writers leave arbitrary bytes in these fields of other types.
    devmajor: isDevice ? decodeTarNumber(block, USTAR.devmajor, 'devmajor') : 0,
    devminor: isDevice ? decodeTarNumber(block, USTAR.devminor, 'devminor') : 0,
  };
}

/**
 * Reads a number: octal digits, or, if the top bit is set, a big-endian binary number (GNU).
 *
 * @throws TarFormatError if it is neither, negative, or beyond 2^53.
 */
export function decodeTarNumber(block: Uint8Array, [at, length]: TarField, what: string): number {
  let value: number | undefined;
  if (block[at]! >= 0x80) {
    // A negative number has ones at the top, which puts it far beyond the limit.
    value = block[at]! & 0x7f;
    for (let index = at + 1; index < at + length; index += 1) value = value * 256 + block[index]!;
  } else {
    value = octal(block, [at, length]);
  }
  if (value === undefined || value > Number.MAX_SAFE_INTEGER) {
    throw new TarFormatError(`the header's ${what} is not a number`);
  }
  return value;
}

/** Spaces, digits, and then a space, a NUL or the end of the field. */
function octal(block: Uint8Array, [at, length]: TarField): number | undefined {
  const end = at + length;
  let index = at;
  while (index < end && block[index] === SPACE) index += 1;
  let value = 0;
  for (; index < end; index += 1) {
    const digit = block[index]! - ZERO;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  const stop = index < end ? block[index] : SPACE;
  return stop === SPACE || stop === 0 ? value : undefined;
}

function withPrefix(block: Uint8Array, format: TarHeader['format']): string {
  const name = decodeTarText(block, USTAR.name);
  const [at, length] = USTAR.prefix;
  if (format !== 'ustar' || block[at] === 0) return name;
  const isXstar = text(block, XSTAR_TRAILER) === 'tar\0';
  const prefix = decodeTarText(block, [at, isXstar ? XSTAR_PREFIX_LENGTH : length]);
  return `${prefix}/${name}`;
}

/** The content of a field up to its first NUL, a byte string. */
export function decodeTarText(block: Uint8Array, [at, length]: TarField): string {
  const end = block.indexOf(0, at);
  return bytesToName(block.subarray(at, end < 0 ? at + length : Math.min(end, at + length)));
}

function text(block: Uint8Array, [at, length]: TarField): string {
  return bytesToName(block.subarray(at, at + length));
}

/** Stores a text, or as much of it as there is room for. */
export function setTarText(block: Uint8Array, [at, length]: TarField, value: string): void {
  block.set(nameToBytes(value.slice(0, length)), at);
}

/** Stores a number as octal digits that fill the field except its last byte, which stays. */
export function setTarNumber(block: Uint8Array, field: TarField, value: number): void {
  setTarText(block, field, value.toString(8).padStart(field[1] - 1, '0'));
}

/** Stores the checksum of a header that is otherwise complete. */
export function setTarChecksum(block: Uint8Array): void {
  const { chksum } = USTAR;
  setTarText(block, chksum, ' '.repeat(chksum[1]));
  const sum = block.reduce((total, byte) => total + byte, 0);
  setTarText(block, chksum, `${sum.toString(8).padStart(6, '0')}\0 `);
}

/** Zeroes the parts of a header that only GNU tar has, such as the map of a sparse file. */
export function clearGnuFields(block: Uint8Array): void {
  const [at, length] = GNU.all;
  block.fill(0, at, at + length);
}
