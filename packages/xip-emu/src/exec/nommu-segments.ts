import { PF_W, type ElfSegment } from 'cramfs-elf';
import { SyscallError } from '../errno.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory-map.js';
import type { NommuMm } from '../nommu/nommu-mm.js';
import { PAGE_SIZE, isPageAligned, pageOf } from '../units.js';
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
  const block = mm.mmap({
    address: 0,
    length: top - base,
    prot: PROT_READ | PROT_WRITE | PROT_EXEC,
    flags: MAP_PRIVATE | MAP_ANONYMOUS,
    pgoff: 0,
  });
  for (const { vaddr, offset, filesz, memsz } of segments) {
    mm.write(block + vaddr - base, readProgram(file, offset, Math.min(filesz, memsz)));
  }
  return movedSegments(segments, block - base);
}
