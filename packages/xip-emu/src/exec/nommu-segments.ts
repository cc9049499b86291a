import { PF_W, type ElfSegment } from 'cramfs-elf';
import { nameToText } from 'cramfs-format';
import { SyscallError } from '../errno.js';
import { KernelCorruption } from '../kernel-corruption.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory-map.js';
import type { NommuMm } from '../nommu/nommu-mm.js';
import { PAGE_SIZE, isPageAligned, pageAlign, pageOf, type Address } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import { protOf } from './elf.js';
import { movedSegments, type LoadedSegment } from './loaded-object.js';
import { readProgram } from './open-exec.js';

/**
 * A segment that may be anywhere: a mapping of its own, in ROM if nobody writes to it. Compare
 * fs/binfmt_elf_fdpic.c:elf_fdpic_map_file_by_direct_mmap(), musl's ldso/dynlink.c:map_library().
 */
export function mapSegment(mm: NommuMm, file: OpenFile, segment: ElfSegment): LoadedSegment {
  const { vaddr, filesz, memsz, offset, flags } = segment;
  const inPage = vaddr % PAGE_SIZE;
  const position = offset - inPage;
  if (position < 0 || !isPageAligned(position)) {
    throw new SyscallError('EINVAL', 'a segment that is not at its place in a page');
  }
  const start = mm.mmap({
    address: 0,
    length: memsz + inPage,
    prot: protOf(flags),
    flags: MAP_PRIVATE,
    file,
    pgoff: pageOf(position),
  });
  if ((flags & PF_W) !== 0) mm.write(start, new Uint8Array(inPage));
  if (memsz > filesz) mm.write(start + inPage + filesz, new Uint8Array(memsz - filesz));
  return { ...segment, address: start + inPage };
}

/** A segment that has more in the file than in memory is read in full all the same. */
function overwritten(path: string, start: Address, length: number, end: Address): KernelCorruption {
  return new KernelCorruption({
    kind: 'memory overwritten',
    kernelFunction:
      'fs/binfmt_elf_fdpic.c:elf_fdpic_map_file_constdisp_on_uclinux() => read_code()',
    effect:
      'a segment with more in the file than in memory is read over what stands behind the program, whosever that is',
    first: { operation: `exec ${nameToText(path)}`, start, end: start + length },
    second: { operation: 'its segments are read', start, end },
  });
}

/**
 * Segments that have to keep their distances, text included, are read into one block of RAM.
 * Compare fs/binfmt_elf_fdpic.c:elf_fdpic_map_file_constdisp_on_uclinux().
 */
export function readSegments(
  mm: NommuMm,
  file: OpenFile,
  segments: readonly ElfSegment[],
): LoadedSegment[] {
  const base = Math.min(...segments.map(({ vaddr }) => vaddr));
  const top = Math.max(...segments.map(({ vaddr, memsz }) => vaddr + memsz));
  const length = top - base;
  const block = mm.mmap({
    address: 0,
    length,
    prot: PROT_READ | PROT_WRITE | PROT_EXEC,
    flags: MAP_PRIVATE | MAP_ANONYMOUS,
    pgoff: 0,
  });
  for (const { vaddr, offset, filesz } of segments) {
    const start = block + vaddr - base;
    const available = Math.min(filesz, Math.max(0, file.inode.size - offset));
    if (start + available > block + pageAlign(length)) {
      throw overwritten(file.path, block, length, start + available);
    }
    mm.write(start, readProgram(file, offset, available));
  }
  return movedSegments(segments, block - base);
}
