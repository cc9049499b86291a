import { PF_R, PF_W, PF_X } from 'cramfs-elf';
import { SyscallError } from '../errno.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory-map.js';
import type { NommuMm } from '../nommu/nommu-mm.js';
import { pageAlign, type Address } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import type { ExecArguments } from './arguments.js';
import type { LoadedSegment, MappedFile } from './loaded-object.js';
import type { NommuProgram } from './nommu-program.js';
import { readProgram } from './open-exec.js';

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
type FlatHeader = Record<(typeof FLAT_WORDS)[number], number>;

const FLAT_HEADER_SIZE = 64;
const FLAT_VERSION = 4;
/** Load text and data together into RAM. */
const FLAT_FLAG_RAM = 0x01;
const FLAT_FLAG_GZIP = 0x04;
const FLAT_FLAG_GZDATA = 0x08;
/** Alignment of data and stack. */
const FLAT_ALIGN = 0x20;
const POINTER_SIZE = 8;
const RELOC_SIZE = 4;
const MAX_LENGTH = 1 << 28;

const RWX = PROT_READ | PROT_WRITE | PROT_EXEC;
const ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS;

export function isFlat(head: Uint8Array): boolean {
  return head[0] === 0x62 && head[1] === 0x46 && head[2] === 0x4c && head[3] === 0x54;
}

/**
 * Loads a bFLT program. Its text does not know where its data is, so text that is not meant for
 * RAM is a read-only mapping of the file: in ROM if the file can be mapped directly. Data, bss and
 * stack are one block of RAM. Relocations are read, not applied: code is not run. Compare
 * fs/binfmt_flat.c:load_flat_file().
 *
 * @param head the file's first bytes.
 * @throws SyscallError ENOEXEC, or what the mappings throw.
 */
export function loadFlat(
  mm: NommuMm,
  file: OpenFile,
  head: Uint8Array,
  args: ExecArguments,
): NommuProgram {
  const header = readHeader(head);
  const { dataStart, dataEnd, bssEnd, relocCount, flags } = header;
  const text = dataStart;
  const data = dataEnd - dataStart;
  const stack = header.stackSize + argumentSpace(args);
  const relocations = relocCount * RELOC_SIZE;
  const extra = Math.max(bssEnd - dataEnd + stack, relocations);
  const fullData = data + relocations;

  if ((flags & FLAT_FLAG_RAM) !== 0) {
    const length = pageAlign(text + data + extra + FLAT_ALIGN);
    const start = mm.mmap({ address: 0, length, prot: RWX, flags: ANONYMOUS, pgoff: 0 });
    const startData = alignUp(start + text, FLAT_ALIGN);
    mm.write(start, readProgram(file, 0, text));
    mm.write(startData, readProgram(file, dataStart, fullData));
    setHeap(mm, startData + (bssEnd - dataStart), start + length, stack);
    return {
      format: 'flat',
      startCode: start,
      startData,
      startStack: start + length,
      mapped: mappedFile(file, header, start, startData),
      interpreter: undefined,
    };
  }
  const startCode = mm.mmap({
    address: 0,
    length: text,
    prot: PROT_READ | PROT_EXEC,
    flags: MAP_PRIVATE,
    file,
    pgoff: 0,
  });
  const length = pageAlign(data + extra);
  const startData = mm.mmap({ address: 0, length, prot: RWX, flags: ANONYMOUS, pgoff: 0 });
  mm.write(startData, readProgram(file, dataStart, fullData));
  setHeap(mm, startData + (bssEnd - dataStart), startData + length, stack);
  return {
    format: 'flat',
    startCode,
    startData,
    startStack: startData + length,
    mapped: mappedFile(file, header, startCode, startData),
    interpreter: undefined,
  };
}

function mappedFile(
  { path, inode }: OpenFile,
  { dataStart, dataEnd, bssEnd, flags }: FlatHeader,
  startCode: Address,
  startData: Address,
): MappedFile {
  const inRam = (flags & FLAT_FLAG_RAM) === 0 ? 0 : PF_W;
  const text = { vaddr: 0, offset: 0, filesz: dataStart, memsz: dataStart };
  const data = { vaddr: 0, offset: dataStart, filesz: dataEnd - dataStart };
  const segments: LoadedSegment[] = [
    { ...text, flags: PF_R | PF_X | inRam, address: startCode },
    { ...data, memsz: bssEnd - dataStart, flags: PF_R | PF_W | PF_X, address: startData },
  ];
  return { path, inode, elf: undefined, segments };
}

/** The heap starts behind the zeros and ends where the stack may come to. */
function setHeap(mm: NommuMm, start: Address, top: Address, stackSize: number): void {
  mm.startBrk = start;
  mm.brkEnd = alignUp(start, 4);
  mm.brkLimit = top - stackSize;
  mm.startStack = top;
}

/** @throws SyscallError ENOEXEC. */
function readHeader(head: Uint8Array): FlatHeader {
  if (head.length < FLAT_HEADER_SIZE) throw new SyscallError('ENOEXEC', 'a bFLT header cut off');
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const words = FLAT_WORDS.map((name, at) => [name, view.getUint32(4 + 4 * at)] as const);
  const header = Object.fromEntries(words) as FlatHeader;
  const { rev, flags, dataStart, dataEnd, bssEnd, stackSize, relocCount } = header;
  if (rev !== FLAT_VERSION) throw new SyscallError('ENOEXEC', `bFLT version ${rev}`);
  if ((flags & (FLAT_FLAG_GZIP | FLAT_FLAG_GZDATA)) !== 0) {
    throw new SyscallError('ENOEXEC', 'support for ZFLAT executables is not enabled');
  }
  const lengths = [dataStart, dataEnd - dataStart, bssEnd - dataEnd, stackSize, relocCount];
  if (lengths.some((length) => length < 0 || length >= MAX_LENGTH)) {
    throw new SyscallError('ENOEXEC', 'bad bFLT header');
  }
  return header;
}

/** Stack for strings and pointers. Compare fs/binfmt_flat.c:load_flat_binary(). */
function argumentSpace({ argv, envp }: ExecArguments): number {
  const strings = [argv[0] ?? '', ...argv, ...envp];
  const bytes = strings.reduce((sum, string) => sum + string.length + 1, POINTER_SIZE);
  const pointers = (argv.length + 1 + envp.length + 1) * POINTER_SIZE;
  return alignUp(bytes + pointers, FLAT_ALIGN);
}

function alignUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
