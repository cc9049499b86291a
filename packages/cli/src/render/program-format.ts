import {
  FLAT_FLAG_GOTPIC,
  FLAT_FLAG_GZDATA,
  FLAT_FLAG_GZIP,
  FLAT_FLAG_KTRACE,
  FLAT_FLAG_RAM,
  isFdpic,
  parseElf,
  parseFlat,
  type ElfFile,
  type FlatHeader,
} from 'cramfs-elf';
import { isCramfsError } from 'cramfs-format';
import type { CramfsImage, Inode } from 'cramfs-reader';

/** e_machine of what Linux mounts cramfs on. */
const MACHINES: Readonly<Record<number, string>> = {
  3: 'i386',
  4: 'm68k',
  8: 'MIPS',
  20: 'PowerPC',
  21: 'PowerPC64',
  40: 'ARM',
  42: 'SH',
  62: 'x86-64',
  94: 'Xtensa',
  183: 'AArch64',
  189: 'MicroBlaze',
  243: 'RISC-V',
};

const TYPES: Partial<Record<ElfFile['type'], string>> = {
  rel: 'relocatable',
  exec: 'executable',
  dyn: 'shared object or PIE',
  core: 'core dump',
};

const FLAT_FLAGS: readonly (readonly [number, string])[] = [
  [FLAT_FLAG_RAM, 'loaded to RAM'],
  [FLAT_FLAG_GOTPIC, 'GOTPIC'],
  [FLAT_FLAG_GZIP, "text and data gzip'd"],
  [FLAT_FLAG_GZDATA, "data gzip'd"],
  [FLAT_FLAG_KTRACE, 'traced'],
];

export interface FileFormat {
  /** Such as `ELF` or `bFLT v4`, to count by. */
  readonly kind: string;
  /** Such as `ELF 32-bit little-endian ARM, executable, FDPIC`. */
  readonly text: string;
}

/** The format of a regular file that is ELF or bFLT; undefined for any other, and damaged ones. */
export function programFormat(image: CramfsImage, inode: Inode): FileFormat | undefined {
  if (inode.type !== 'file' || inode.size === 0) return undefined;
  let head: Uint8Array;
  try {
    head = image.readBlock(inode, 0);
  } catch (error) {
    // Damage is reported where blocks are counted.
    if (isCramfsError(error)) return undefined;
    throw error;
  }
  const flat = parseFlat(head);
  if (flat !== undefined) return flatFormat(flat);
  const elf = parseElf(head);
  return elf === undefined ? undefined : elfFormat(elf);
}

function elfFormat(elf: ElfFile): FileFormat {
  const kind = isFdpic(elf) ? 'ELF FDPIC' : 'ELF';
  const machine = MACHINES[elf.machine] ?? `machine ${elf.machine}`;
  const type = TYPES[elf.type] ?? 'of another type';
  const fdpic = isFdpic(elf) ? ', FDPIC' : '';
  const text = `ELF ${elf.elfClass}-bit ${elf.endianness}-endian ${machine}, ${type}${fdpic}`;
  return { kind, text };
}

function flatFormat({ rev, flags, entry }: FlatHeader): FileFormat {
  const known = FLAT_FLAGS.filter(([bit]) => (flags & bit) !== 0);
  const unnamed = known.reduce((rest, [bit]) => rest & ~bit, flags) >>> 0;
  // Shared libraries of old kernels have their number where other programs have the top of an
  // address.
  const library = entry >>> 24;
  const kind = `bFLT v${rev}`;
  const text = [
    kind,
    ...known.map(([, name]) => name),
    ...(unnamed === 0 ? [] : [`flags 0x${unnamed.toString(16)}`]),
    ...(library === 0 ? [] : [`shared library ${library}`]),
  ].join(', ');
  return { kind, text };
}
