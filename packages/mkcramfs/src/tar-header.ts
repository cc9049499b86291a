import { bytesToName } from 'cramfs-format';

/** Everything in a tar comes in blocks of this many bytes. */
export const TAR_BLOCK_SIZE = 512;

/** What is wrong with an archive; its reader adds where. */
export class TarFormatError extends Error {}

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
  /** Bytes of data behind the header; what that is depends on the type. */
  readonly size: number;
  /** One character; NUL stands for `0`. */
  readonly typeflag: string;
  readonly linkname: string;
  readonly devmajor: number;
  readonly devminor: number;
}

/** Offset and length of each field, named as in POSIX's description of the ustar format. */
const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  chksum: [148, 8],
  typeflag: [156, 1],
  linkname: [157, 100],
  magic: [257, 8],
  devmajor: [329, 8],
  devminor: [337, 8],
  prefix: [345, 155],
} as const;

/** star puts times behind a shorter prefix, and this at the end of the block. */
const XSTAR_TRAILER = [508, 4] as const;
const XSTAR_PREFIX_LENGTH = 131;

type Span = readonly [at: number, length: number];

/** True if the block is zero: two of them end an archive. */
export function isZeroBlock(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/** True if the checksum is right, which makes `block` a header for all anybody can tell. */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length < TAR_BLOCK_SIZE) return false;
  const [at, length] = FIELDS.chksum;
  const stored = octal(text(block, FIELDS.chksum));
  if (stored === undefined) return false;
  // The field itself counts as spaces. Some old writers summed signed characters.
  let unsigned = 0;
  let signed = 0;
  for (let index = 0; index < TAR_BLOCK_SIZE; index += 1) {
    const value = index >= at && index < at + length ? 0x20 : block[index]!;
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
  const magic = text(block, FIELDS.magic);
  const format = magic.startsWith('ustar\0') ? 'ustar' : magic === 'ustar  \0' ? 'gnu' : 'v7';
  const type = text(block, FIELDS.typeflag);
  const isDevice = type === '3' || type === '4';
  return {
    format,
    name: withPrefix(block, format),
    mode: decodeTarNumber(block, FIELDS.mode, 'mode'),
    uid: decodeTarNumber(block, FIELDS.uid, 'uid'),
    gid: decodeTarNumber(block, FIELDS.gid, 'gid'),
    size: decodeTarNumber(block, FIELDS.size, 'size'),
    typeflag: type === '\0' ? '0' : type,
    linkname: string(block, FIELDS.linkname),
    // Writers leave all kinds of things here where they mean nothing.
    devmajor: isDevice ? decodeTarNumber(block, FIELDS.devmajor, 'devmajor') : 0,
    devminor: isDevice ? decodeTarNumber(block, FIELDS.devminor, 'devminor') : 0,
  };
}

/**
 * Reads a number: octal digits, or, if the top bit is set, a big-endian binary number (GNU).
 *
 * @throws TarFormatError if it is neither, negative, or beyond 2^53.
 */
export function decodeTarNumber(block: Uint8Array, [at, length]: Span, what: string): number {
  let value: number | undefined;
  if (block[at]! >= 0x80) {
    // A negative number is all ones at the top, and so far beyond the limit.
    value = block[at]! & 0x7f;
    for (let index = at + 1; index < at + length; index += 1) value = value * 256 + block[index]!;
  } else {
    value = octal(text(block, [at, length]));
  }
  if (value === undefined || value > Number.MAX_SAFE_INTEGER) {
    throw new TarFormatError(`the header's ${what} is not a number`);
  }
  return value;
}

function octal(field: string): number | undefined {
  const digits = /^ *([0-7]*)(?:[ \0]|$)/.exec(field)?.[1];
  if (digits === undefined) return undefined;
  return digits === '' ? 0 : parseInt(digits, 8);
}

function withPrefix(block: Uint8Array, format: TarHeader['format']): string {
  const name = string(block, FIELDS.name);
  if (format !== 'ustar') return name;
  const [at, length] = FIELDS.prefix;
  const isXstar = text(block, XSTAR_TRAILER) === 'tar\0';
  const prefix = string(block, [at, isXstar ? XSTAR_PREFIX_LENGTH : length]);
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Up to the first NUL. */
function string(block: Uint8Array, span: Span): string {
  const field = text(block, span);
  const end = field.indexOf('\0');
  return end < 0 ? field : field.slice(0, end);
}

function text(block: Uint8Array, [at, length]: Span): string {
  return bytesToName(block.subarray(at, at + length));
}
