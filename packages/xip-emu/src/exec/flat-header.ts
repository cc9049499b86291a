import { SyscallError } from '../errno.js';

/** include/linux/flat.h: struct flat_hdr, 32-bit big-endian words behind the magic. */
const FLAT_WORDS = [
  'rev',
  'entry',
  'dataStart',
  'dataEnd',
  'bssEnd',
  'stackSize',
  'relocStart',
  'relocCount',
  'flags',
] as const;

export const FLAT_HEADER_SIZE = 64;
const FLAT_VERSION = 4;
/** Load text and data together into RAM. */
export const FLAT_FLAG_RAM = 0x01;
/** The data starts with a table of addresses that ends with -1. */
export const FLAT_FLAG_GOTPIC = 0x02;
const FLAT_FLAG_GZIP = 0x04;
const FLAT_FLAG_GZDATA = 0x08;
const MAX_LENGTH = 1 << 28;
/** Room that the kernel counts for a relocation; an entry has four bytes. */
const RELOC_ROOM = 8;

/** A bFLT header as the kernel computes with it; bytes. */
export interface FlatHeader {
  readonly flags: number;
  /** Of the file, header included; data follows it. */
  readonly text: number;
  readonly data: number;
  readonly bss: number;
  /** With the room for arguments. */
  readonly stack: number;
  readonly relocCount: number;
  /** In the file. */
  readonly relocStart: number;
  /** Of data, and the room for relocations behind it. */
  readonly fullData: number;
}

export function isFlat(head: Uint8Array): boolean {
  return head[0] === 0x62 && head[1] === 0x46 && head[2] === 0x4c && head[3] === 0x54;
}

/**
 * Compare the first part of fs/binfmt_flat.c:load_flat_file(). A file that is shorter than the
 * header counts as padded with zeros.
 *
 * @param argumentSpace bytes of the stack that arguments take.
 * @throws SyscallError ENOEXEC.
 */
export function readFlatHeader(head: Uint8Array, argumentSpace: number): FlatHeader {
  const padded = new Uint8Array(FLAT_HEADER_SIZE);
  padded.set(head.subarray(0, FLAT_HEADER_SIZE));
  const view = new DataView(padded.buffer);
  const word = (name: (typeof FLAT_WORDS)[number]): number =>
    view.getUint32(4 + 4 * FLAT_WORDS.indexOf(name));

  if (word('rev') !== FLAT_VERSION) {
    throw new SyscallError('ENOEXEC', `bFLT version ${word('rev')}`);
  }
  const flags = word('flags');
  const relocCount = word('relocCount');
  const text = word('dataStart');
  // The kernel's lengths are u32: what would be negative is very long.
  const data = (word('dataEnd') - text) >>> 0;
  const bss = (word('bssEnd') - word('dataEnd')) >>> 0;
  const stack = (word('stackSize') + argumentSpace) >>> 0;
  const fullData = data + relocCount * RELOC_ROOM;
  if ([text, data, bss, stack, relocCount, fullData].some((length) => length >= MAX_LENGTH)) {
    throw new SyscallError('ENOEXEC', 'bad bFLT header');
  }
  if ((flags & (FLAT_FLAG_GZIP | FLAT_FLAG_GZDATA)) !== 0) {
    throw new SyscallError('ENOEXEC', 'support for ZFLAT executables is not enabled');
  }
  return { flags, text, data, bss, stack, relocCount, relocStart: word('relocStart'), fullData };
}

/** Bytes behind data that a program gets: its bss and stack, or its relocations before that. */
export function extraSpace({ bss, stack, relocCount }: FlatHeader): number {
  return Math.max(bss + stack, relocCount * RELOC_ROOM);
}
