import { isElf, parseElf, PF_R, PF_W, PF_X, type ElfFile } from './elf.js';
import { isFdpic } from './fdpic.js';
import {
  FLAT_FLAG_GZDATA,
  FLAT_FLAG_GZIP,
  FLAT_FLAG_RAM,
  FLAT_HEADER_SIZE,
  FLAT_VERSION,
  MAX_FLAT_LENGTH,
  OLD_FLAT_VERSION,
  flatLengths,
  mapsFlatText,
  parseFlat,
  type FlatHeader,
} from './flat.js';
import { inflateFlat } from './flat-gzip.js';
import { isLoadable, loadSegments } from './segments.js';

/** A file that may be a program. */
export interface ProgramFile {
  /** Its first bytes, at least a page of them unless the file is shorter. */
  readonly head: Uint8Array;
  /** Size in bytes. */
  readonly size: number;
  /** Bytes of the file from `start` to before `end`, or undefined if it does not have them. */
  readonly read: (start: number, end: number) => Uint8Array | undefined;
}

/** Pages of a file that a loader maps in one call. */
export interface PageSpan {
  readonly pgoff: number;
  readonly pages: number;
}

/**
 * What a kernel without an MMU does wrong once a mapping is in ROM (docs/kernel-facts.md):
 *
 * - `same-start`, K22: a part before it starts in the same page of the file and is shorter.
 * - `cleared`, K23: the part has more bytes in memory than in the file, and the rest is cleared.
 * - `relocated`, K23: relocations store to the text.
 */
export type NommuHazard = 'same-start' | 'cleared' | 'relocated';

/** A segment of an ELF program, or the text or data of a bFLT program. Offsets and sizes in bytes. */
export interface NommuPart {
  /** Name of the part, for bFLT programs. */
  readonly name: 'text' | 'data' | undefined;
  /** PF_R | PF_W | PF_X */
  readonly flags: number;
  readonly offset: number;
  /** Bytes in the file. */
  readonly filesz: number;
  readonly vaddr: number;
  /** The alignment that the linker asks for the address; 0 if it does not say. */
  readonly align: number;
  /** What is mapped from the file, so that it can be ROM; undefined if the part is read into RAM. */
  readonly span: PageSpan | undefined;
  readonly hazard: NommuHazard | undefined;
}

/** A program as a kernel without an MMU loads it. */
export interface NommuProgram {
  readonly format: 'elf' | 'fdpic' | 'flat';
  readonly parts: readonly NommuPart[];
  /** Why nothing of it is mapped, whatever the image's layout. */
  readonly copied: string | undefined;
}

/**
 * Tells which parts of a program a kernel without an MMU maps, and which it reads into RAM. Compare
 * fs/binfmt_elf_fdpic.c:elf_fdpic_map_file(), fs/binfmt_flat.c:load_flat_file().
 *
 * @param pageSize the kernel's, in bytes.
 * @returns undefined if it is not a program, or cannot be parsed.
 */
export function nommuProgram(file: ProgramFile, pageSize: number): NommuProgram | undefined {
  const { head, read } = file;
  if (isElf(head)) {
    const elf = parseElf(head, read);
    return elf !== undefined && isLoadable(elf) ? elfProgram(elf, pageSize) : undefined;
  }
  const flat = parseFlat(head);
  return flat === undefined ? undefined : flatProgram(flat, file, pageSize);
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
 * Adds the region of a mapping, unless the mapping lies within an existing region, which it then shares.
 * Compare mm/nommu.c:do_mmap(), add_nommu_region().
 *
 * @returns false if a region starts there, but the mapping does not lie within it: BUG().
 */
function addRegion(regions: PageSpan[], { pgoff, pages }: PageSpan): boolean {
  const end = pgoff + pages;
  if (regions.some((other) => other.pgoff <= pgoff && end <= other.pgoff + other.pages))
    return true;
  if (regions.some((other) => other.pgoff === pgoff)) return false;
  regions.push({ pgoff, pages });
  return true;
}

function flatProgram(header: FlatHeader, file: ProgramFile, pageSize: number): NommuProgram {
  const { dataStart, dataEnd } = header;
  const relocations = flatRelocations(header, file);
  const relocated = relocatesText(header, file, relocations);
  const copied = flatCopied(header, relocated);
  const mapped = copied === undefined;
  const text: NommuPart = {
    name: 'text',
    flags: PF_R | PF_X,
    offset: 0,
    filesz: dataStart,
    vaddr: 0,
    align: 0,
    span: mapped ? { pgoff: 0, pages: Math.ceil(dataStart / pageSize) } : undefined,
    hazard: mapped && relocated ? 'relocated' : undefined,
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

function flatCopied(header: FlatHeader, relocated: boolean): string | undefined {
  const { rev, flags, dataStart } = header;
  if (rev !== FLAT_VERSION && rev !== OLD_FLAT_VERSION) {
    return `bFLT version ${rev}: Linux loads versions 4 and, with CONFIG_BINFMT_FLAT_OLD, 2`;
  }
  if (dataStart === 0) return 'bFLT without text';
  const excess = Object.entries(flatLengths(header)).find(([, bytes]) => bytes >= MAX_FLAT_LENGTH);
  if (excess !== undefined) {
    return `bFLT with a ${excess[0]} length of 0x${excess[1].toString(16)}: Linux does not load it`;
  }
  if (mapsFlatText(header)) return undefined;
  if (rev !== OLD_FLAT_VERSION && (flags & FLAT_FLAG_RAM) === 0) {
    return "bFLT with gzip'd text (flthdr -Z undoes that, flthdr -d compresses data alone)";
  }
  return relocated
    ? 'bFLT marked for RAM, as relocations store to its text (compile with -fPIC -msingle-pic-base)'
    : 'bFLT marked for RAM (flthdr -R takes the mark off)';
}

/** gzip'd data longer than this, with its relocations, is ignored. */
const MAX_INFLATED = 1 << 20;

/**
 * The relocations as the kernel has them in memory after the data; bytes missing from the file are zeros.
 * Empty if there are none, or none that can name text: those of old versions name words of the data.
 * Relocations of gzip'd text are ignored, as such text is in RAM. A stream that cannot be inflated has none,
 * because the kernel gives up after mapping the text.
 */
function flatRelocations(header: FlatHeader, file: ProgramFile): Uint8Array {
  const { rev, flags, dataStart, relocStart, relocCount } = header;
  const { fullData } = flatLengths(header);
  const at = relocStart - dataStart;
  const isCompressed = (flags & FLAT_FLAG_GZDATA) !== 0;
  if (rev !== FLAT_VERSION || (flags & FLAT_FLAG_GZIP) !== 0) return new Uint8Array();
  if (fullData >= MAX_FLAT_LENGTH || at < 0) return new Uint8Array();
  if (isCompressed && fullData > MAX_INFLATED) return new Uint8Array();

  const read = (start: number, length: number): Uint8Array =>
    file.read(start, Math.min(start + length, Math.max(start, file.size))) ?? new Uint8Array();
  const data = isCompressed
    ? inflateFlat(read, dataStart, fullData)
    : read(relocStart, Math.max(0, Math.min(fullData - at, 4 * relocCount)));
  if (typeof data === 'string') return new Uint8Array();
  const stored = isCompressed ? data.subarray(at, at + 4 * relocCount) : data;
  // Relocations of zeros all name one word, so one of them is enough.
  const entries = Math.min(relocCount, Math.ceil(stored.length / 4) + 1);
  const relocations = new Uint8Array(4 * entries);
  relocations.set(stored.subarray(0, relocations.length));
  return relocations;
}

/**
 * True if a relocation names a nonzero word of the text; zero words stay as they are. Compare
 * fs/binfmt_flat.c:load_flat_file(), calc_reloc().
 */
function relocatesText(
  { dataStart }: FlatHeader,
  { read }: ProgramFile,
  relocations: Uint8Array,
): boolean {
  const { buffer, byteOffset, byteLength } = relocations;
  const view = new DataView(buffer, byteOffset, byteLength);
  let text: Uint8Array | undefined;
  for (let at = 0; at < byteLength; at += 4) {
    const word = FLAT_HEADER_SIZE + view.getUint32(at);
    if (word >= dataStart) continue;
    text ??= read(0, dataStart) ?? new Uint8Array();
    if (text.subarray(word, word + 4).some((byte) => byte !== 0)) return true;
  }
  return false;
}
