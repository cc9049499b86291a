import { isElf, parseElf, PF_R, PF_W, PF_X, type ElfFile } from './elf.js';
import { isFdpic } from './fdpic.js';
import {
  FLAT_FLAG_GZDATA,
  FLAT_FLAG_RAM,
  FLAT_HEADER_SIZE,
  FLAT_VERSION,
  OLD_FLAT_VERSION,
  mapsFlatText,
  parseFlat,
  type FlatHeader,
} from './flat.js';
import { isLoadable, loadSegments } from './segments.js';

/** Bytes of a file from `start` to before `end`, or undefined if it does not have them. */
export type ReadBytes = (start: number, end: number) => Uint8Array | undefined;

/** Pages of a file that a loader maps in one call. */
export interface PageSpan {
  readonly pgoff: number;
  readonly pages: number;
}

/**
 * What a kernel without an MMU does wrong once a mapping is one of ROM (docs/kernel-facts.md):
 *
 * - `same-start`, K22: a part before it starts in the same page of the file and is shorter.
 * - `cleared`, K23: the part has more bytes in memory than in the file, and the rest is cleared.
 * - `relocated`, K23: relocations store to the text.
 */
export type NommuHazard = 'same-start' | 'cleared' | 'relocated';

/** A segment of an ELF program, or the text or data of a bFLT program. Offsets and sizes in bytes. */
export interface NommuPart {
  /** Of bFLT programs. */
  readonly name: 'text' | 'data' | undefined;
  /** PF_R | PF_W | PF_X */
  readonly flags: number;
  readonly offset: number;
  /** Bytes in the file. */
  readonly filesz: number;
  readonly vaddr: number;
  /** What the linker wants the address to be a multiple of; 0 if it does not say. */
  readonly align: number;
  /** What is mapped from the file, so that it can be ROM; undefined if the part is read into RAM. */
  readonly span: PageSpan | undefined;
  readonly hazard: NommuHazard | undefined;
}

/** A program as a kernel without an MMU loads it. */
export interface NommuProgram {
  readonly format: 'elf' | 'fdpic' | 'flat';
  readonly parts: readonly NommuPart[];
  /** Why nothing of it is mapped, whatever the image is like. */
  readonly copied: string | undefined;
}

/**
 * Says what a kernel without an MMU maps of a program, and what it reads into RAM. Compare
 * fs/binfmt_elf_fdpic.c:elf_fdpic_map_file(), fs/binfmt_flat.c:load_flat_file().
 *
 * @param head the file's first bytes, at least a page of them unless the file is shorter.
 * @param read for what is not in `head`.
 * @param pageSize the kernel's, in bytes.
 * @returns undefined for what is not a program, or cannot be parsed.
 */
export function nommuProgram(
  head: Uint8Array,
  read: ReadBytes,
  pageSize: number,
): NommuProgram | undefined {
  if (isElf(head)) {
    const elf = parseElf(head, read);
    return elf !== undefined && isLoadable(elf) ? elfProgram(elf, pageSize) : undefined;
  }
  const flat = parseFlat(head);
  return flat === undefined ? undefined : flatProgram(flat, read, pageSize);
}

function elfProgram(elf: ElfFile, pageSize: number): NommuProgram {
  const fdpic = isFdpic(elf);
  const regions: PageSpan[] = [];
  const parts = loadSegments(elf).map((segment): NommuPart => {
    const { flags, offset, filesz, memsz, vaddr, align } = segment;
    const part = { name: undefined, flags, offset, filesz, vaddr, align };
    const position = offset - (vaddr % pageSize);
    const isMapped = fdpic && (flags & PF_W) === 0 && position >= 0 && position % pageSize === 0;
    if (!isMapped) return { ...part, span: undefined, hazard: undefined };
    const pages = Math.ceil((memsz + (vaddr % pageSize)) / pageSize);
    const span = { pgoff: position / pageSize, pages };
    const startsAlone = addRegion(regions, span);
    const hazard = memsz > filesz ? 'cleared' : startsAlone ? undefined : 'same-start';
    return { ...part, span, hazard };
  });
  return { format: fdpic ? 'fdpic' : 'elf', parts, copied: fdpic ? undefined : notFdpic(elf) };
}

function notFdpic({ type }: ElfFile): string {
  return type === 'exec'
    ? 'ordinary ELF, linked to fixed addresses: not executable without an MMU'
    : 'ordinary ELF, not FDPIC: read into RAM as a whole';
}

/**
 * Adds what a mapping makes a region, unless it lies within one: then it shares that. Compare
 * mm/nommu.c:do_mmap(), add_nommu_region().
 *
 * @returns false if a region starts there that it does not lie within: BUG().
 */
function addRegion(regions: PageSpan[], { pgoff, pages }: PageSpan): boolean {
  const end = pgoff + pages;
  if (regions.some((other) => other.pgoff <= pgoff && end <= other.pgoff + other.pages))
    return true;
  if (regions.some((other) => other.pgoff === pgoff)) return false;
  regions.push({ pgoff, pages });
  return true;
}

function flatProgram(header: FlatHeader, read: ReadBytes, pageSize: number): NommuProgram {
  const { dataStart, dataEnd } = header;
  const copied = flatCopied(header);
  const mapped = copied === undefined;
  const text: NommuPart = {
    name: 'text',
    flags: PF_R | PF_X,
    offset: 0,
    filesz: dataStart,
    vaddr: 0,
    align: 0,
    span: mapped ? { pgoff: 0, pages: Math.ceil(dataStart / pageSize) } : undefined,
    hazard: mapped && relocatesText(header, read) ? 'relocated' : undefined,
  };
  const data: NommuPart = {
    name: 'data',
    flags: PF_R | PF_W | PF_X,
    offset: dataStart,
    filesz: Math.max(0, dataEnd - dataStart),
    vaddr: dataStart,
    align: 0,
    span: undefined,
    hazard: undefined,
  };
  return { format: 'flat', parts: [text, data], copied };
}

function flatCopied(header: FlatHeader): string | undefined {
  const { rev, flags, dataStart } = header;
  if (rev !== FLAT_VERSION && rev !== OLD_FLAT_VERSION) {
    return `bFLT version ${rev}: Linux loads versions 4 and, with CONFIG_BINFMT_FLAT_OLD, 2`;
  }
  if (dataStart === 0) return 'bFLT without text';
  if (mapsFlatText(header)) return undefined;
  return rev === OLD_FLAT_VERSION || (flags & FLAT_FLAG_RAM) !== 0
    ? 'bFLT marked for RAM (flthdr -R takes the mark off)'
    : "bFLT with gzip'd text (flthdr -Z undoes that, flthdr -d compresses data alone)";
}

/** More of them are damage: the kernel takes as many, but no program has that many words. */
const MAX_RELOCATIONS = 1 << 22;

/**
 * True if a relocation names a word of the text. Those of old versions and gzip'd ones are not
 * looked at: the former never do, and elf2flt makes the latter of programs with GOTPIC. Compare
 * fs/binfmt_flat.c:calc_reloc().
 */
function relocatesText(header: FlatHeader, read: ReadBytes): boolean {
  const { rev, flags, dataStart, relocStart, relocCount } = header;
  if (rev === OLD_FLAT_VERSION || (flags & FLAT_FLAG_GZDATA) !== 0) return false;
  if (relocCount === 0 || relocCount > MAX_RELOCATIONS) return false;
  const bytes = read(relocStart, relocStart + 4 * relocCount);
  if (bytes === undefined) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let index = 0; index < relocCount; index += 1) {
    if (view.getUint32(4 * index) < dataStart - FLAT_HEADER_SIZE) return true;
  }
  return false;
}
