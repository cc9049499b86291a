import { locateBlock } from 'cramfs-reader';
import {
  CramfsSuperBlock,
  type Machine,
  type MemoryArea,
  type MemoryPage,
  type OpenFile,
  type PageEntry,
  type Process,
  type RamFrame,
} from 'xip-emu';

/** The most pages and frames of RAM in a picture. */
export const MOST_PAGES = 64;
const MOST_FRAMES = 96;

/** A page of the mapping, and its place. Addresses and places are bytes. */
export interface LabPage {
  /** Its number in the mapping. */
  readonly page: number;
  readonly address: number;
  /** Permissions of the area that it is in; undefined if nothing is mapped there. */
  readonly area: string | undefined;
  /** The page of the file that the area has there; undefined for anonymous memory. */
  readonly fileIndex: number | undefined;
  /** That page is past the end of the file. */
  readonly beyond: boolean;
  /** Its block in the image; undefined past the end of the file, and if no file of the image is mapped. */
  readonly block: LabBlock | undefined;
  readonly backing: MemoryPage['backing'];
  /** Physical address; undefined if there is nothing. */
  readonly physical: number | undefined;
  /** The entry of the page table; undefined if there is none. */
  readonly entry:
    Pick<PageEntry, 'permissions' | 'dirty' | 'young' | 'special' | 'mapCount'> | undefined;
}

/** A block of a file in the image. */
export interface LabBlock {
  readonly kind: 'hole' | 'compressed' | 'uncompressed';
  /** Image offset and bytes. */
  readonly start: number;
  readonly length: number;
}

/** A page of ROM that the file's blocks lie in, or that is mapped. */
export interface LabRomFrame {
  readonly physical: number;
  /** Image offset of its first byte; negative before the image. */
  readonly offset: number;
  /** Pages of the file that have bytes in it. */
  readonly holds: readonly number[];
  /** True if its content starts at its first byte. */
  readonly aligned: boolean;
}

/** A page of RAM in use. */
export interface LabRamFrame {
  readonly physical: number;
  readonly holds: RamFrame['holds'];
  /** The page of the mapped file that it caches. */
  readonly fileIndex: number | undefined;
  readonly dirty: boolean;
  /** Page table entries that map it, of all processes. */
  readonly users: number;
  /** True if the mapping has it, or it caches a page of the mapping's file. */
  readonly own: boolean;
}

/** A mapping, its page table, and the physical memory behind it. */
export interface LabPicture {
  readonly id: string;
  /** The number of pages of the mapping, and the first one in the picture. */
  readonly total: number;
  readonly first: number;
  readonly pages: readonly LabPage[];
  readonly rom: readonly LabRomFrame[];
  readonly ram: readonly LabRamFrame[];
  /** Frames of RAM in use that are left out. */
  readonly moreRam: number;
}

export interface PictureRequest {
  readonly machine: Machine;
  readonly process: Process;
  readonly mapping: { readonly id: string; readonly address: number; readonly length: number };
  /** All RAM in use. */
  readonly frames: readonly RamFrame[];
  /** Page of the mapping to start with. */
  readonly first: number;
}

/** A file of the image that an area maps. */
interface MappedFile {
  readonly ino: number;
  readonly size: number;
  readonly sb: CramfsSuperBlock;
}

/** The picture of a part of a mapping. */
export function pictureOf(request: PictureRequest): LabPicture {
  const { machine, process, mapping, frames } = request;
  const { pageSize } = machine;
  const total = Math.max(1, Math.ceil(mapping.length / pageSize));
  const asked = Number.isInteger(request.first) ? request.first : 0;
  const first = Math.max(0, Math.min(asked, total - 1));
  const count = Math.min(MOST_PAGES, total - first);
  const from = mapping.address + first * pageSize;
  const to = from + count * pageSize;
  const areas = [...process.mm.areas()].filter(({ start, end }) => start < to && from < end);
  const entries = new Map<number, PageEntry>();
  for (const entry of process.mm.entriesIn(from, to)) entries.set(entry.address, entry);
  const pages = Array.from({ length: count }, (_, index): LabPage => {
    const address = from + index * pageSize;
    const area = areas.find(({ start, end }) => start <= address && address < end);
    return pageOf(process, {
      address,
      page: first + index,
      area,
      entry: entries.get(address),
      pageSize,
    });
  });
  const file = mappedFile(areas);
  const inode = areas.find((area) => area.file !== undefined)?.file?.inode;
  const ram = ramOf(pages, frames, inode);
  return {
    id: mapping.id,
    total,
    first,
    pages,
    rom: romOf(machine, pages, file),
    ram: ram.slice(0, MOST_FRAMES),
    moreRam: Math.max(0, ram.length - MOST_FRAMES),
  };
}

interface PageRequest {
  readonly address: number;
  readonly page: number;
  readonly area: MemoryArea | undefined;
  readonly entry: PageEntry | undefined;
  readonly pageSize: number;
}

function pageOf({ mm }: Process, { address, page, area, entry, pageSize }: PageRequest): LabPage {
  const { backing, physical } = mm.pageAt(address);
  const fileIndex = area === undefined ? undefined : fileIndexOf(area, address, pageSize);
  const file = area && mappedFile([area]);
  return {
    page,
    address,
    area: area?.permissions,
    fileIndex,
    beyond: fileIndex !== undefined && fileIndex * pageSize >= area!.file!.inode.size,
    block: fileIndex === undefined || file === undefined ? undefined : blockOf(file, fileIndex),
    backing,
    physical,
    entry: entry && {
      permissions: entry.permissions,
      dirty: entry.dirty,
      young: entry.young,
      special: entry.special,
      mapCount: entry.mapCount,
    },
  };
}

/** VM_PFNMAP: include/linux/mm.h. */
const VM_PFNMAP = 0x400;

/** Where the area's page is in its file. The offset of a private VM_PFNMAP is in physical memory. */
function fileIndexOf(area: MemoryArea, address: number, pageSize: number): number | undefined {
  if (area.file === undefined) return undefined;
  const distance = Math.floor((address - area.start) / pageSize);
  const isPfnmap = ((area.vmFlags ?? 0) & VM_PFNMAP) !== 0 && area.permissions.endsWith('p');
  if (!isPfnmap) return area.offset / pageSize + distance;
  const file = mappedFile([area]);
  const first = file && firstBlockAt(file, area.offset - file.sb.physAddr, pageSize);
  return first === undefined ? undefined : first + distance;
}

/** The block of a file that starts at an image offset. */
function firstBlockAt(file: MappedFile, start: number, pageSize: number): number | undefined {
  const count = Math.ceil(file.size / pageSize);
  for (let index = 0; index < count; index += 1) {
    const block = blockOf(file, index);
    if (block?.kind === 'uncompressed' && block.start === start) return index;
  }
  return undefined;
}

function mappedFile(areas: readonly MemoryArea[]): MappedFile | undefined {
  for (const { file } of areas) {
    if (file === undefined) continue;
    const { sb, ino, size } = file.inode;
    if (sb instanceof CramfsSuperBlock) return { sb, ino, size };
  }
  return undefined;
}

function blockOf({ sb, ino, size }: MappedFile, index: number): LabBlock | undefined {
  const { image } = sb;
  const count = Math.ceil(size / image.blockSize);
  if (index >= count) return undefined;
  const { kind, start, length } = locateBlock(image, { dataOffset: ino, size }, index, count);
  return { kind, start, length };
}

/** Where the blocks of the picture's pages are in ROM, and other pages of ROM that are mapped. */
function romOf(
  { pageSize }: Machine,
  pages: readonly LabPage[],
  file: MappedFile | undefined,
): LabRomFrame[] {
  const found = new Map<number, { holds: number[]; aligned: boolean }>();
  const at = (physical: number): { holds: number[]; aligned: boolean } => {
    const frame = found.get(physical) ?? { holds: [], aligned: false };
    found.set(physical, frame);
    return frame;
  };
  const base = file?.sb.physAddr ?? 0;
  for (const { backing, physical, fileIndex, block } of pages) {
    if (backing === 'rom' && physical !== undefined) at(physical - (physical % pageSize));
    if (base === 0 || fileIndex === undefined || block === undefined) continue;
    if (block.kind === 'hole' || block.length <= 0) continue;
    const start = base + block.start;
    // A pointer may be damaged: Linux reads no block of more than two pages.
    const last = start + Math.min(block.length, 2 * pageSize) - 1;
    for (let page = Math.floor(start / pageSize); page <= Math.floor(last / pageSize); page += 1) {
      const frame = at(page * pageSize);
      if (!frame.holds.includes(fileIndex)) frame.holds.push(fileIndex);
      if (start === page * pageSize && block.kind === 'uncompressed') frame.aligned = true;
    }
  }
  return [...found]
    .map(([physical, frame]): LabRomFrame => ({ physical, offset: physical - base, ...frame }))
    .sort((a, b) => a.physical - b.physical)
    .slice(0, MOST_FRAMES);
}

/** The RAM in use, the mapping's own first. */
function ramOf(
  pages: readonly LabPage[],
  frames: readonly RamFrame[],
  inode: OpenFile['inode'] | undefined,
): LabRamFrame[] {
  const mapped = new Set(pages.map(({ physical }) => physical));
  const all = frames.map(({ physical, holds, file: cached, dirty, users }): LabRamFrame => {
    const isOfFile =
      inode !== undefined && cached?.ino === inode.ino && cached.fs === inode.sb.type;
    return {
      physical,
      holds,
      fileIndex: isOfFile ? cached.index : undefined,
      dirty,
      users: users.length,
      own: isOfFile || mapped.has(physical),
    };
  });
  return [...all.filter(({ own }) => own), ...all.filter(({ own }) => !own)];
}
