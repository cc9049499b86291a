import {
  FLAT_FLAG_GZDATA,
  FLAT_FLAG_GZIP,
  FLAT_FLAG_RAM,
  FLAT_VERSION,
  MAX_FLAT_LENGTH,
  OLD_FLAT_VERSION,
  flatLengths,
  parseFlat,
} from 'cramfs-elf';
import type { KernelBuild } from '../arch/kernel-build.js';
import { SyscallError } from '../errno.js';

/** A bFLT header as the kernel computes with it; bytes. */
export interface FlatLengths {
  /** FLAT_VERSION or OLD_FLAT_VERSION. */
  readonly rev: number;
  readonly flags: number;
  /** Offset of the first instruction from the start of the text. */
  readonly entry: number;
  /** Bytes of text in the file, header included; the data follows it. */
  readonly text: number;
  readonly data: number;
  readonly bss: number;
  /** Bytes of stack, with the room for arguments. */
  readonly stack: number;
  readonly relocCount: number;
  /** Offset of the relocations in the file. */
  readonly relocStart: number;
  /** Bytes of data, and of the room that the kernel counts for the relocations after it. */
  readonly fullData: number;
  /** Bytes that the program gets after the data: its bss and stack, or its relocations before that. */
  readonly extra: number;
}

/**
 * Compare the first part of fs/binfmt_flat.c:load_flat_file(). A file shorter than the header is
 * padded with zeros.
 *
 * @param argumentSpace bytes of the stack that arguments take.
 * @throws SyscallError ENOEXEC.
 */
export function readFlatHeader(
  head: Uint8Array,
  argumentSpace: number,
  { arch, config }: Pick<KernelBuild, 'arch' | 'config'>,
): FlatLengths {
  const header = parseFlat(head);
  const rev = header?.rev;
  const isOld = config.BINFMT_FLAT_OLD && rev === OLD_FLAT_VERSION;
  if (header === undefined || (rev !== FLAT_VERSION && !isOld)) {
    const loaded = 'Linux loads versions 4 and, with CONFIG_BINFMT_FLAT_OLD, 2';
    throw new SyscallError('ENOEXEC', `bFLT version ${String(rev)}: ${loaded}`);
  }
  const { relocCount, relocStart } = header;
  const allInRam = isOld && (header.flags !== 0 || config.BINFMT_FLAT_OLD_ALWAYS_RAM);
  const flags = allInRam ? FLAT_FLAG_RAM : header.flags;
  const { text, data, bss, fullData } = flatLengths(header, arch.pointerSize);
  const stack = (header.stackSize + argumentSpace) >>> 0;
  if ([text, data, bss, stack, relocCount, fullData].some((length) => length >= MAX_FLAT_LENGTH)) {
    throw new SyscallError('ENOEXEC', 'bad bFLT header');
  }
  if (!config.BINFMT_ZFLAT && (flags & (FLAT_FLAG_GZIP | FLAT_FLAG_GZDATA)) !== 0) {
    throw new SyscallError('ENOEXEC', 'no loader for compressed bFLT (CONFIG_BINFMT_ZFLAT)');
  }
  const extra = Math.max(bss + stack, relocCount * arch.pointerSize);
  return {
    rev: header.rev,
    flags,
    entry: header.entry,
    text,
    data,
    bss,
    stack,
    relocCount,
    relocStart,
    fullData,
    extra,
  };
}
