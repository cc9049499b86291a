import {
  PF_W,
  PT_DYNAMIC,
  PT_GNU_RELRO,
  PT_TLS,
  copyRelocations,
  definedData,
  forEachRelocation,
} from 'cramfs-elf';
import { isSyscallError } from '../../errno.js';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../../memory-map.js';
import type { Process } from '../../process.js';
import type { Address } from '../../units.js';
import { protOf } from '../elf-load.js';
import {
  addressOf,
  memoryReader,
  pagesOfSegment,
  type LoadedObject,
  type LoadedSegment,
} from '../loaded-object.js';
import { hasAbiTag } from './abi-tag.js';
import type { DynamicLoader } from './loader.js';

const EM_MIPS = 8;
/** RISC-V and MIPS leave the dynamic section alone: glibc's DL_RO_DYN_SECTION. */
const READ_ONLY_DYNAMIC = new Set([EM_MIPS, 243]);

/**
 * Touches a process's memory as relocating an object does: reads its tables, and writes every word
 * that a relocation changes, but leaves the value as it is. The words are the same whether they are
 * bound lazily or at once. Afterwards the RELRO pages are read-only. Compare glibc's
 * elf/dl-reloc.c:_dl_relocate_object(), musl's ldso/dynlink.c:reloc_all().
 *
 * @param loader undefined for a program without one, which relocates itself.
 * @param libraries where data that is copied into the program comes from, in the order of the search.
 * @throws AccessFault if a relocation is in memory that cannot be written to: the program is
 * killed.
 */
export function relocate(
  process: Process,
  object: LoadedObject,
  loader: DynamicLoader | undefined,
  libraries: readonly LoadedObject[] = [],
): void {
  const { elf, dynamic, segments } = object;
  if (elf === undefined || dynamic === undefined) return;
  // A program that relocates itself looks for no symbols, and binds nothing lazily.
  const hasLoader = loader !== undefined;
  if (hasLoader) readTables(process, object);
  const isTextWritten = dynamic.textRelocations && loader?.relocatesText !== false;
  const text = isTextWritten ? segments.filter(({ flags }) => (flags & PF_W) === 0) : [];
  for (const segment of text) protect(process, segment, PROT_READ | PROT_WRITE | PROT_EXEC);

  const word = elf.elfClass / 8;
  const { geometry } = process;
  const touched = new Set<number>();
  // Most words are in the same page as the previous word.
  let pageStart = 0;
  let pageEnd = 0;
  const touch = (vaddr: number): void => {
    const address = addressOf(segments, vaddr);
    if (address === undefined) return;
    pageStart = vaddr - (address % geometry.size);
    pageEnd = pageStart + geometry.size;
    if (touched.has(geometry.pageOf(address))) return;
    touched.add(geometry.pageOf(address));
    process.store(address, process.load(address));
  };
  const write = (vaddr: number): void => {
    if (vaddr >= pageStart && vaddr + word <= pageEnd) return;
    touch(vaddr);
    touch(vaddr + word - 1);
  };
  forEachRelocation(elf, dynamic, memoryReader(process, segments), write);
  for (const { start, end } of hasLoader || elf.machine === EM_MIPS ? dynamic.implicitGot : []) {
    // A table that leaves its segment is damaged: reading it might never end.
    const inside = segments.find(({ vaddr, memsz }) => vaddr <= start && start < vaddr + memsz);
    const limit = Math.min(end, inside === undefined ? start : inside.vaddr + inside.memsz);
    for (let at = start; at < limit; at += word) write(at);
  }
  if (hasLoader && object.role === 'program' && dynamic.debugAt !== undefined) {
    write(dynamic.debugAt);
  }
  if (loader?.relocatesDynamic === true && relocatesDynamic(object)) {
    dynamic.pointersAt.forEach(write);
  }

  if (object.role === 'program') copyData(process, object, libraries);
  for (const segment of text) protect(process, segment, protOf(segment.flags));
  const isProtected =
    loader === undefined
      ? hasAbiTag(elf, memoryReader(process, segments))
      : object.role !== 'interpreter' || loader.protectsItself(elf.machine);
  if (isProtected) {
    protectRelro(process, object);
  }
}

/**
 * Touches what the copy relocations of a program do: reads the data where a library has it, and writes
 * it where the program has its own place for it. The first library of the list that defines it counts.
 * Compare glibc's R_*_COPY in sysdeps/MACHINE/dl-machine.h, musl's REL_COPY in ldso/dynlink.c:do_relocs().
 *
 * @throws AccessFault.
 */
function copyData(
  process: Process,
  { elf, dynamic, segments }: LoadedObject,
  libraries: readonly LoadedObject[],
): void {
  if (elf === undefined || dynamic === undefined) return;
  for (const own of copyRelocations(elf, dynamic, memoryReader(process, segments))) {
    const to = addressOf(segments, own.vaddr);
    for (const library of libraries) {
      if (library.elf === undefined || library.dynamic === undefined) continue;
      const read = memoryReader(process, library.segments);
      const data = definedData(library.elf, library.dynamic, own.name, read);
      if (data === undefined) continue;
      const bytes = read(data.vaddr, Math.min(data.size, own.size));
      if (to !== undefined && bytes !== undefined) process.storeRange(to, bytes);
      break;
    }
  }
}

/** Compare glibc's elf/get-dynamic-info.h:elf_get_dynamic_info(). */
function relocatesDynamic({ elf, segments }: LoadedObject): boolean {
  const section = elf!.segments.find(({ type }) => type === PT_DYNAMIC)!;
  const isMoved = addressOf(segments, section.vaddr) !== section.vaddr;
  return isMoved && (section.flags & PF_W) !== 0 && !READ_ONLY_DYNAMIC.has(elf!.machine);
}

/**
 * Reads the initial content of an object's thread-local variables, of which each thread gets a copy.
 * Compare glibc's elf/dl-tls.c:_dl_allocate_tls_init(), musl's src/env/__init_tls.c:__copy_tls().
 *
 * @throws AccessFault.
 */
export function readTlsImage(process: Process, { elf, segments }: LoadedObject): void {
  const tls = elf?.segments.find(({ type }) => type === PT_TLS);
  const start = tls && addressOf(segments, tls.vaddr);
  if (tls === undefined || start === undefined) return;
  const end = start + tls.filesz;
  const { geometry } = process;
  for (let at = start; at < end; at = geometry.alignDown(at) + geometry.size) process.load(at);
}

/** Reads the tables from the first to the last: which entries are used depends on all the symbols. */
function readTables(process: Process, { dynamic, segments, inode }: LoadedObject): void {
  const tables = dynamic!.tables;
  const segment = segments.find(
    ({ vaddr, memsz }) =>
      tables !== undefined && vaddr <= tables.start && tables.start < vaddr + memsz,
  );
  if (tables === undefined || segment === undefined) return;
  const end = Math.min(tables.end, segment.vaddr + Math.min(segment.filesz, inode.size));
  const length = Math.max(0, end - tables.start);
  process.loadRange(segment.address + (tables.start - segment.vaddr), new Uint8Array(length));
}

/** Whole pages only, the last one rounded down. Compare elf/dl-reloc.c:_dl_protect_relro(). */
function protectRelro(process: Process, { elf, segments }: LoadedObject): void {
  const relro = elf!.segments.find(({ type }) => type === PT_GNU_RELRO);
  const at = relro === undefined ? undefined : addressOf(segments, relro.vaddr);
  if (relro === undefined || at === undefined) return;
  const { geometry } = process;
  const start = geometry.alignDown(at);
  const end = geometry.alignDown(at + relro.memsz);
  if (end > start) mprotect(process, start, end, PROT_READ);
}

function protect(process: Process, segment: LoadedSegment, prot: number): void {
  const { start, end } = pagesOfSegment(segment, process.geometry);
  mprotect(process, start, end, prot);
}

/** Without an MMU there is nothing to protect, and loaders ignore the error. */
function mprotect(process: Process, start: Address, end: Address, prot: number): void {
  try {
    process.mprotect(start, end - start, prot);
  } catch (error) {
    if (!isSyscallError(error, 'ENOSYS')) throw error;
  }
}
