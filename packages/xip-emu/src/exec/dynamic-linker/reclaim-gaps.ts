import { PF_R, PF_W, PT_GNU_RELRO } from 'cramfs-elf';
import type { Process } from '../../process.js';
import type { LoadedObject } from '../loaded-object.js';
import { allocateMuslTls } from './musl-tls.js';
import { MuslMalloc } from './musl-malloc.js';

const READ_WRITE = PF_R | PF_W;

/**
 * Writes to the bytes of a writable segment's first and last page that belong to no segment: musl
 * gives them to malloc, which clears them, so these pages are private from the start. Pages that
 * become read-only are left alone. Compare musl's ldso/dynlink.c:reclaim_gaps(),
 * src/malloc/mallocng/donate.c:donate().
 */
function reclaimGaps(process: Process, { elf, segments }: LoadedObject, heap: MuslMalloc): void {
  if (elf === undefined) return;
  const { geometry } = process;
  const relro = elf.segments.find(({ type }) => type === PT_GNU_RELRO);
  const readOnly = { start: geometry.alignDown(relro?.vaddr ?? 0), end: 0 };
  if (relro !== undefined) readOnly.end = geometry.alignDown(relro.vaddr + relro.memsz);
  const isReadOnly = (at: number): boolean => readOnly.start <= at && at < readOnly.end;

  for (const { flags, vaddr, memsz, address } of segments) {
    if ((flags & READ_WRITE) !== READ_WRITE) continue;
    const dataEnd = vaddr + memsz;
    for (const gap of [
      { start: geometry.alignDown(vaddr), end: vaddr },
      { start: dataEnd, end: geometry.align(dataEnd) },
    ]) {
      const start = isReadOnly(gap.start) ? readOnly.end : gap.start;
      const end = isReadOnly(gap.end) ? readOnly.start : gap.end;
      if (start >= end) continue;
      process.store(address - vaddr + start, 0);
      heap.donate(address - vaddr + start, address - vaddr + end);
    }
  }
}

/** Gives the gaps of all objects to malloc. Without an MMU all memory is allocated already. */
export function useMuslHeap(process: Process, objects: readonly LoadedObject[]): void {
  if (!process.build.mmu) return;
  const heap = new MuslMalloc(process, process.build.arch.pointerSize);
  for (const object of objects) reclaimGaps(process, object, heap);
  allocateMuslTls(process, objects, heap);
}
