import type { ElfSegment } from 'cramfs-elf';

/**
 * The places of each object's thread-local variables, relative to the thread pointer, and their
 * end.
 */
export interface TlsOffsets {
  readonly offsets: readonly number[];
  readonly end: number;
}

/**
 * Places the variables of the objects of a program one after the other; small ones go into the largest gap that
 * alignment has left. Compare glibc's elf/dl-tls.c:_dl_determine_tlsoffset(), TLS_DTV_AT_TP.
 *
 * @param start TLS_TCB_SIZE.
 */
export function tlsOffsets(images: readonly ElfSegment[], start: number): TlsOffsets {
  let end = start;
  const gap = { start: 0, end: 0 };
  const offsets = images.map(({ vaddr, memsz, align }) => {
    const before = align > 1 ? (align - (vaddr % align)) % align : 0;
    const place = (from: number): number => {
      const aligned = alignUp(from, align);
      return aligned - from < before ? aligned + align - before : aligned - before;
    };
    const inGap = place(gap.start);
    if (memsz <= gap.end - gap.start && inGap + memsz <= gap.end) {
      gap.start = inGap + memsz;
      return inGap;
    }
    const offset = place(end);
    if (offset - end > gap.end - gap.start) {
      gap.start = end;
      gap.end = offset;
    }
    end = offset + memsz;
    return offset;
  });
  return { offsets, end };
}

/** @param alignment a power of two, or 0. */
export function alignUp(value: number, alignment: number): number {
  return alignment > 1 ? Math.ceil(value / alignment) * alignment : value;
}
