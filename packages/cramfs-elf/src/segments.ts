import { PF_R, PF_W, PF_X, PT_LOAD, type ElfFile, type ElfSegment } from './elf.js';

/** True for files that the kernel or the dynamic loader maps: executables and shared objects. */
export function isLoadable(elf: ElfFile): boolean {
  return elf.type === 'exec' || elf.type === 'dyn';
}

/** The PT_LOAD segments that take bytes from the file, in the order of the program headers. */
export function loadSegments(elf: ElfFile): ElfSegment[] {
  return elf.segments.filter((segment) => segment.type === PT_LOAD && segment.filesz > 0);
}

/**
 * The segments that can run in place: read-only ones. Linux maps a writable segment as a private writable
 * area, which is never direct (fs/cramfs/inode.c:cramfs_physmem_mmap(), "vma is writable").
 */
export function readOnlySegments(elf: ElfFile): ElfSegment[] {
  return loadSegments(elf).filter(
    ({ flags }) => (flags & (PF_R | PF_X)) !== 0 && (flags & PF_W) === 0,
  );
}
