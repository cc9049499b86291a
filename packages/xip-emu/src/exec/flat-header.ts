import { FLAT_FLAG_GZDATA, FLAT_FLAG_GZIP, FLAT_VERSION, parseFlat } from 'cramfs-elf';
import { SyscallError } from '../errno.js';

const MAX_LENGTH = 1 << 28;
/** Room that the kernel counts for a relocation; an entry has four bytes. */
const RELOC_ROOM = 8;

/** A bFLT header as the kernel computes with it; bytes. */
export interface FlatLengths {
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

/**
 * Compare the first part of fs/binfmt_flat.c:load_flat_file(). A file that is shorter than the
 * header counts as padded with zeros.
 *
 * @param argumentSpace bytes of the stack that arguments take.
 * @throws SyscallError ENOEXEC.
 */
export function readFlatHeader(head: Uint8Array, argumentSpace: number): FlatLengths {
  const header = parseFlat(head);
  if (header?.rev !== FLAT_VERSION) {
    throw new SyscallError('ENOEXEC', `bFLT version ${String(header?.rev)}`);
  }
  const { flags, relocCount, relocStart } = header;
  const text = header.dataStart;
  // The kernel's lengths are u32: what would be negative is very long.
  const data = (header.dataEnd - text) >>> 0;
  const bss = (header.bssEnd - header.dataEnd) >>> 0;
  const stack = (header.stackSize + argumentSpace) >>> 0;
  const fullData = data + relocCount * RELOC_ROOM;
  if ([text, data, bss, stack, relocCount, fullData].some((length) => length >= MAX_LENGTH)) {
    throw new SyscallError('ENOEXEC', 'bad bFLT header');
  }
  if ((flags & (FLAT_FLAG_GZIP | FLAT_FLAG_GZDATA)) !== 0) {
    throw new SyscallError('ENOEXEC', 'support for ZFLAT executables is not enabled');
  }
  return { flags, text, data, bss, stack, relocCount, relocStart, fullData };
}

/** Bytes behind data that a program gets: its bss and stack, or its relocations before that. */
export function extraSpace({ bss, stack, relocCount }: FlatLengths): number {
  return Math.max(bss + stack, relocCount * RELOC_ROOM);
}
