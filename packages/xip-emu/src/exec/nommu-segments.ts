import { PF_W, type ElfSegment, type ProgramHeader } from 'cramfs-elf';
import { nameToText } from 'cramfs-format';
import { SyscallError } from '../errno.js';
import type { KernelCorruption } from '../kernel-corruption.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory-map.js';
import type { NommuMemory } from '../nommu/nommu-memory.js';
import type { Address } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import { verifyArea } from '../vfs/verify-area.js';
import { largest, protOf, smallest } from './elf-load.js';
import type { LoadedSegment } from './loaded-object.js';
import { overwritten } from './memory-overwritten.js';
import { readProgram } from './open-exec.js';
import { UnsignedLong } from './unsigned-long.js';

const DIRECT_MMAP = 'fs/binfmt_elf_fdpic.c:elf_fdpic_map_file_by_direct_mmap() => clear_user()';
const CONSTDISP = 'fs/binfmt_elf_fdpic.c:elf_fdpic_map_file_constdisp_on_uclinux() => read_code()';

/** Where a 64-bit word ends. */
const ADDRESS_LIMIT = 2 ** 63;

/**
 * A segment that may be anywhere: a mapping of its own, in ROM if nobody writes to it. Compare
 * fs/binfmt_elf_fdpic.c:elf_fdpic_map_file_by_direct_mmap().
 *
 * @throws SyscallError EINVAL for a segment at the wrong offset in a page, or too large a segment;
 * those of mmap(2). KernelCorruption for one that has more in the file than in memory.
 */
export function mapSegment(
  memory: NommuMemory,
  file: OpenFile,
  segment: ElfSegment,
): LoadedSegment {
  const { vaddr, filesz, memsz, offset, flags } = segment;
  const { geometry } = memory.mm;
  const inPage = vaddr % geometry.size;
  const position = offset - inPage;
  const length = memsz + inPage;
  const end = 2 ** (8 * memory.build.arch.pointerSize);
  // Compare mm/util.c:vm_mmap().
  if (position < 0 || !geometry.isAligned(position)) {
    throw new SyscallError('EINVAL', 'file offset and address of a segment differ within the page');
  }
  if (position + geometry.align(length) >= end) {
    throw new SyscallError('EINVAL', 'a segment is too large');
  }
  const prot = protOf(flags);
  const start = memory.mmap({
    address: 0,
    length,
    prot,
    flags: MAP_PRIVATE,
    file,
    pgoff: geometry.pageOf(position),
  });
  const isWritable = (flags & PF_W) !== 0;
  if (isWritable) memory.write(start, new Uint8Array(inPage), DIRECT_MMAP);
  // QUIRK: the kernel counts from the start of the segment only if it has cleared the bytes before
  // it.
  const dataEnd = (isWritable ? start + inPage : start) + filesz;
  if (filesz > memsz) throw clearedToTheEnd(file.path, { start, length, from: dataEnd, end });
  if (memsz > filesz) memory.write(dataEnd, new Uint8Array(memsz - filesz), DIRECT_MMAP);
  return { ...segment, address: start + inPage };
}

/** p_memsz - p_filesz is an unsigned number: where it would be negative, nearly all addresses. */
function clearedToTheEnd(
  path: string,
  {
    start,
    length,
    from,
    end,
  }: {
    readonly start: Address;
    readonly length: number;
    readonly from: Address;
    readonly end: Address;
  },
): KernelCorruption {
  return overwritten({
    kernelFunction: DIRECT_MMAP,
    effect:
      'a segment has more bytes in the file than in memory: the kernel clears all that follows it, until it dies where there is no memory',
    first: { operation: `exec ${nameToText(path)}`, start, end: start + length },
    second: { operation: 'the rest of the segment is cleared', start: from, end },
  });
}

/** Reads that overwrite memory that is not the program's. */
function readElsewhere(
  path: string,
  { block, length, start, end }: { block: Address; length: number; start: Address; end: Address },
): KernelCorruption {
  return overwritten({
    kernelFunction: CONSTDISP,
    effect:
      'a segment is read over what precedes or follows the memory of the program, whoever owns it',
    first: { operation: `exec ${nameToText(path)}`, start: block, end: block + length },
    second: { operation: 'its segments are read', start, end },
  });
}

/** Bytes of memory, the end exclusive. */
interface Range {
  readonly start: Address;
  readonly end: Address;
}

/** {@link readSegments} for a library, whose loader has numbers. */
export function readLibrarySegments(
  memory: NommuMemory,
  file: OpenFile,
  segments: readonly ElfSegment[],
): LoadedSegment[] {
  const loads = segments.map((segment) => ({
    type: segment.type,
    flags: segment.flags,
    offset: BigInt(segment.offset),
    vaddr: BigInt(segment.vaddr),
    filesz: BigInt(segment.filesz),
    memsz: BigInt(segment.memsz),
    align: BigInt(segment.align),
  }));
  const long = new UnsignedLong(64, memory.mm.geometry);
  const addresses = readSegments(memory, file, { loads, long });
  return placedSegments(segments, addresses);
}

export function placedSegments(
  segments: readonly ElfSegment[],
  addresses: readonly Address[],
): LoadedSegment[] {
  return segments.map((segment, index) => ({ ...segment, address: addresses[index]! }));
}

/**
 * Segments that have to keep their distances, text included, are read into one block of RAM. Sizes
 * and addresses wrap round as the kernel's do. Compare
 * fs/binfmt_elf_fdpic.c:elf_fdpic_map_file_constdisp_on_uclinux().
 *
 * @param loads all PT_LOAD.
 */
export function readSegments(
  memory: NommuMemory,
  file: OpenFile,
  { loads, long }: { readonly loads: readonly ProgramHeader[]; readonly long: UnsignedLong },
): Address[] {
  const base = smallest(loads.map(({ vaddr }) => vaddr));
  const top = largest(loads.map(({ vaddr, memsz }) => long.wrap(vaddr + memsz)));
  const length = Number(long.wrap(top - base));
  const block = memory.mmap({
    address: 0,
    length,
    prot: PROT_READ | PROT_WRITE | PROT_EXEC,
    flags: MAP_PRIVATE | MAP_ANONYMOUS,
    pgoff: 0,
  });
  const loaded: Range[] = [];
  return loads.map((phdr) => {
    const start = block + long.signed(phdr.vaddr - base);
    const filesz = Number(phdr.filesz);
    const offset = Number(phdr.offset);
    verifyArea(offset, filesz);
    const available = Math.min(filesz, Math.max(0, file.inode.size - offset));
    const end = start + available;
    if (available > 0 && (start < block || end > block + memory.mm.geometry.align(length))) {
      throw readElsewhere(file.path, { block, length, start, end });
    }
    memory.write(start, readProgram(file, offset, available), CONSTDISP);
    clearLoaded(memory, loaded, { start: start + filesz, end: start + Number(phdr.memsz) });
    loaded.push({ start, end });
    return start;
  });
}

/**
 * clear_user() of the part of a segment that is not in the file. The block is new, so only data
 * that earlier segments have read there is not zero. A range that wraps round is not cleared.
 */
function clearLoaded(memory: NommuMemory, loaded: readonly Range[], { start, end }: Range): void {
  if (end >= ADDRESS_LIMIT) return;
  for (const before of loaded) {
    const from = Math.max(start, before.start);
    const to = Math.min(end, before.end);
    if (from < to) memory.write(from, new Uint8Array(to - from), CONSTDISP);
  }
}
