import { PF_W, PT_LOAD, isFdpic, parseDynamic, type ElfFile, type ElfSegment } from 'cramfs-elf';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../../memory-map.js';
import type { NommuMemory } from '../../nommu/nommu-memory.js';
import type { Process } from '../../process.js';
import type { Address, PageGeometry } from '../../units.js';
import type { OpenFile } from '../../vfs/file.js';
import { protOf } from '../elf-load.js';
import { memoryReader, movedSegments, type LoadedSegment } from '../loaded-object.js';
import { readLibrarySegments } from '../nommu-segments.js';
import { LoaderError } from './loader-error.js';

/**
 * Maps a shared object.
 *
 * @throws LoaderError if the loader refuses it, SyscallError of its system calls, AccessFault if it
 * is killed.
 */
export type MapLibrary = (process: Process, file: OpenFile, elf: ElfFile) => LoadedSegment[];

const MEMSET = 'musl: ldso/dynlink.c:map_library() => memset()';
const ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

/** A PT_LOAD in whole pages: struct loadcmd of glibc. */
interface LoadCommand {
  readonly mapStart: number;
  readonly mapEnd: number;
  readonly dataEnd: number;
  readonly allocEnd: number;
  readonly offset: number;
  readonly prot: number;
}

/**
 * The first mapping takes the room of all segments, with the protection of the first one; its
 * excess becomes inaccessible if there are holes; the other segments go over it. Compare glibc's
 * elf/dl-load.c:_dl_map_object_from_fd(), elf/dl-map-segments.h:_dl_map_segments().
 */
export const mapAsGlibc: MapLibrary = (process, file, elf) => {
  if (elf.type !== 'dyn') throw new LoaderError('cannot dynamically load executable');
  const loads = elf.segments.filter(({ type }) => type === PT_LOAD);
  const commands = loads.map((load) => loadCommand(load, process.geometry));
  const [first] = commands;
  const last = commands.at(-1);
  if (first === undefined || last === undefined) {
    throw new LoaderError('object file has no loadable segments');
  }
  const span = last.allocEnd - first.mapStart;
  // In C the length wraps around, to more than all addresses.
  if (span <= 0) throw new LoaderError('failed to map segment from shared object');
  const { size: pageSize } = process.geometry;
  const alignment = Math.max(pageSize, ...loads.map(({ align }) => align).filter(isPowerOfTwo));
  const bias = mapSpan(process, file, first, span, alignment) - first.mapStart;
  const hasHoles = commands.some(
    ({ mapStart }, index) => index > 0 && commands[index - 1]!.mapEnd !== mapStart,
  );
  if (hasHoles) {
    if (last.mapStart < first.mapEnd) {
      throw new LoaderError('ELF load command address/offset not page-aligned');
    }
    process.mprotect(bias + first.mapEnd, last.mapStart - first.mapEnd, PROT_NONE);
  }
  for (const command of commands) {
    const { mapStart, mapEnd, prot, offset } = command;
    if (command !== first && mapEnd > mapStart) {
      const options = { address: bias + mapStart, file, offset };
      process.mmap(mapEnd - mapStart, prot, MAP_PRIVATE | MAP_FIXED, options);
    }
    zeroFill(process, command, bias);
  }
  return movedSegments(loads, bias);
};

function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value));
}

function loadCommand(
  { vaddr, offset, filesz, memsz, flags }: ElfSegment,
  geometry: PageGeometry,
): LoadCommand {
  // Since glibc 2.35, p_align only affects the address of the object, whether it is smaller or
  // larger than a page.
  if ((vaddr - offset) % geometry.size !== 0) {
    throw new LoaderError('ELF load command address/offset not page-aligned');
  }
  return {
    mapStart: geometry.alignDown(vaddr),
    mapEnd: geometry.align(vaddr + filesz),
    dataEnd: vaddr + filesz,
    allocEnd: vaddr + memsz,
    offset: geometry.alignDown(offset),
    prot: protOf(flags),
  };
}

/** Compare elf/dl-map-segments.h:_dl_map_segment(), since glibc 2.35. */
function mapSpan(
  process: Process,
  file: OpenFile,
  { prot, offset }: LoadCommand,
  span: number,
  alignment: number,
): Address {
  const { geometry } = process;
  if (alignment === geometry.size) return process.mmap(span, prot, MAP_PRIVATE, { file, offset });
  const room = span >= alignment ? span + alignment : 2 * alignment;
  const start = process.mmap(room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS);
  const aligned = Math.ceil(start / alignment) * alignment;
  process.mmap(span, prot, MAP_PRIVATE | MAP_FIXED, { address: aligned, file, offset });
  if (aligned > start) process.munmap(start, aligned - start);
  const end = geometry.align(aligned + span);
  if (start + room > end) process.munmap(end, start + room - end);
  return aligned;
}

/** Clears what follows the data in its last page, and maps zeros after that. */
function zeroFill(process: Process, command: LoadCommand, bias: number): void {
  const { dataEnd, allocEnd, prot } = command;
  if (allocEnd <= dataEnd) return;
  const { geometry } = process;
  const pageEnd = geometry.align(dataEnd);
  const cleared = Math.min(allocEnd, pageEnd);
  if (cleared > dataEnd) {
    const page = bias + geometry.alignDown(dataEnd);
    const writable = (prot & PROT_WRITE) !== 0;
    if (!writable) process.mprotect(page, geometry.size, prot | PROT_WRITE);
    clear(process, bias + dataEnd, bias + cleared);
    if (!writable) process.mprotect(page, geometry.size, prot);
  }
  if (allocEnd > pageEnd) {
    process.mmap(allocEnd - pageEnd, prot, ANONYMOUS, { address: bias + pageEnd });
  }
}

/**
 * The first mapping takes the room of all segments, with the protection of the lowest one, which
 * also stays in the holes; the others go over it. If the text has relocations, all becomes writable and
 * executable, and stays so. Compare musl's ldso/dynlink.c:map_library().
 */
export const mapAsMusl: MapLibrary = (process, file, elf) => {
  const loads = elf.segments.filter(({ type }) => type === PT_LOAD);
  if (elf.type !== 'dyn' || loads.length === 0) throw new LoaderError('not a shared object');
  const lowest = loads.reduce((low, load) => (load.vaddr < low.vaddr ? load : low));
  const { geometry } = process;
  const from = geometry.alignDown(lowest.vaddr);
  const offset = geometry.alignDown(lowest.offset);
  const to = geometry.align(Math.max(...loads.map(({ vaddr, memsz }) => vaddr + memsz)));
  const room = to - from + offset;
  const start = process.mmap(room, protOf(lowest.flags), MAP_PRIVATE, {
    address: from,
    file,
    offset,
  });
  const bias = start - from;
  for (const { vaddr, filesz, memsz, offset: at, flags } of loads) {
    const prot = protOf(flags);
    const first = geometry.alignDown(vaddr);
    const end = geometry.align(vaddr + memsz);
    if (first !== from) {
      process.mmap(end - first, prot, MAP_PRIVATE | MAP_FIXED, {
        address: bias + first,
        file,
        offset: geometry.alignDown(at),
      });
    }
    if (memsz <= filesz || (flags & PF_W) === 0) continue;
    const dataEnd = vaddr + filesz;
    const pageEnd = geometry.align(dataEnd);
    clear(process, bias + dataEnd, bias + pageEnd);
    if (pageEnd < end) {
      process.mmap(end - pageEnd, prot, ANONYMOUS, { address: bias + pageEnd });
    }
  }
  const segments = movedSegments(loads, bias);
  if (parseDynamic(elf, memoryReader(process, segments))?.textRelocations === true) {
    process.mprotect(start, room, PROT_READ | PROT_WRITE | PROT_EXEC);
  }
  return segments;
};

/**
 * Without an MMU the segments of FDPIC objects go wherever the kernel puts each of them; others
 * are read into one block of RAM. Compare musl's map_library() with DL_FDPIC, DL_NOMMU_SUPPORT.
 */
export function mapWithoutMmu(memory: NommuMemory, file: OpenFile, elf: ElfFile): LoadedSegment[] {
  const loads = elf.segments.filter(({ type }) => type === PT_LOAD);
  if (elf.type !== 'dyn' || loads.length === 0) throw new LoaderError('not a shared object');
  return isFdpic(elf)
    ? loads.map((load) => mapFdpicSegment(memory, file, load))
    : readLibrarySegments(memory, file, loads);
}

/** Maps one segment. If it is writable, the rest of its last page is cleared as well. */
function mapFdpicSegment(memory: NommuMemory, file: OpenFile, segment: ElfSegment): LoadedSegment {
  const { vaddr, filesz, memsz, offset, flags } = segment;
  const { geometry } = memory.mm;
  const inPage = vaddr % geometry.size;
  const start = memory.mmap({
    address: 0,
    length: memsz + inPage,
    prot: protOf(flags),
    flags: MAP_PRIVATE,
    file,
    pgoff: geometry.pageOf(offset),
  });
  const dataEnd = inPage + filesz;
  const end = geometry.align(Math.max(dataEnd, inPage + memsz));
  if ((flags & PF_W) !== 0) memory.write(start + dataEnd, new Uint8Array(end - dataEnd), MEMSET);
  return { ...segment, address: start + inPage };
}

function clear(process: Process, from: Address, to: Address): void {
  for (let at = from; at < to; at += 1) process.store(at, 0);
}
