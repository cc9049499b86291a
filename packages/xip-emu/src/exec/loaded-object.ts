import type { ElfDynamic, ElfFile, ElfSegment, ReadVirtual } from 'cramfs-elf';
import type { Process } from '../process.js';
import type { Address, PageGeometry } from '../units.js';
import type { Inode } from '../vfs/inode.js';

/** A part of an object, and where it is in memory. */
export interface LoadedSegment extends Omit<ElfSegment, 'type' | 'align'> {
  /** Address in memory of the byte at `vaddr`. */
  readonly address: Address;
}

/** A file in memory. */
export interface MappedFile {
  /** Absolute, symlinks resolved; a byte string. */
  readonly path: string;
  readonly inode: Inode;
  /** Undefined for bFLT. */
  readonly elf: ElfFile | undefined;
  readonly segments: readonly LoadedSegment[];
}

/** What a program finds in its registers: start_thread(), ELF_FDPIC_PLAT_INIT(). */
export interface ThreadStart {
  readonly pc: Address;
  readonly sp: Address;
  /** What the FDPIC loader passes on: load maps on the stack (0 = none) and PT_DYNAMIC. */
  readonly fdpic?: FdpicStart | undefined;
  /** mm->start_data, without an MMU. */
  readonly startData?: Address | undefined;
}

export interface FdpicStart {
  /** FDPIC_FUNCPTRS: the program itself is FDPIC, and not only loaded by that loader. */
  readonly isFdpic: boolean;
  readonly programMap: Address;
  readonly interpreterMap: Address;
  readonly dynamic: Address;
}

/** What execve() has put into memory. */
export interface ExecutedFile {
  /** The program's name, for a script its interpreter's; a byte string. */
  readonly name: string;
  /** What it gets for arguments; byte strings. */
  readonly argv: readonly string[];
  readonly mapped: MappedFile;
  /** What PT_INTERP asks for: the dynamic loader. */
  readonly interpreter: MappedFile | undefined;
  readonly threadStart: ThreadStart;
}

/** A file that belongs to the program that a process runs. */
export interface LoadedObject extends MappedFile {
  readonly role: 'program' | 'interpreter' | 'library';
  /** The path that it was opened by. */
  readonly name: string;
  /** What the dynamic loader finds in it; undefined if it has no dynamic section. */
  readonly dynamic: ElfDynamic | undefined;
  /** For a library: the object that asked for it first. */
  readonly neededBy: LoadedObject | undefined;
}

/** Segments that keep their distances: all are moved by `bias`. */
export function movedSegments(segments: readonly ElfSegment[], bias: number): LoadedSegment[] {
  return segments.map((segment) => ({ ...segment, address: segment.vaddr + bias }));
}

/** Where a virtual address of an object is in memory; undefined outside of its segments. */
export function addressOf(segments: readonly LoadedSegment[], vaddr: number): Address | undefined {
  const segment = segments.find(
    (candidate) => candidate.vaddr <= vaddr && vaddr < candidate.vaddr + candidate.memsz,
  );
  return segment === undefined ? undefined : segment.address + (vaddr - segment.vaddr);
}

/** Real tables are shorter: a larger request means damage. */
const READ_LIMIT = 1 << 26;

/** Reads an object as a program does: by loads, with their faults. */
export function memoryReader(process: Process, segments: readonly LoadedSegment[]): ReadVirtual {
  return (vaddr, length) => {
    const start = addressOf(segments, vaddr);
    if (start === undefined || length === 0 || length > READ_LIMIT) return undefined;
    if (addressOf(segments, vaddr + length - 1) !== start + length - 1) return undefined;
    const bytes = new Uint8Array(length);
    return process.loadRange(start, bytes).loaded === length ? bytes : undefined;
  };
}

/**
 * The pages of a segment in memory, the end exclusive; without an MMU they need not start at a
 * multiple of the page size.
 */
export function pagesOfSegment(
  { address, vaddr, memsz }: LoadedSegment,
  geometry: PageGeometry,
): {
  readonly start: Address;
  readonly end: Address;
} {
  const inPage = vaddr % geometry.size;
  const start = address - inPage;
  return { start, end: start + geometry.align(inPage + memsz) };
}
