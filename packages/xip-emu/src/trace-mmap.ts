import { PROT_WRITE, type MmapRequest } from './memory-map.js';
import type { Trace } from './trace.js';
import type { Address } from './units.js';
import type { OpenFile } from './vfs/file.js';

/** What has become of a request. */
interface Mapped {
  readonly pid: number;
  readonly address: Address;
  /** Pages of the request's length. */
  readonly pages: number;
  readonly romPages: number;
  /** What the area is of: not the file of the request where a stacked file system passes maps on. */
  readonly file: OpenFile | undefined;
  readonly mmu: boolean;
}

/** Tells the event log of an mmap(2): with the kernel's reason, if the area's file has one to give. */
export function traceMmap({ sink }: Trace, request: MmapRequest, mapped: Mapped): void {
  if (sink === undefined) return;
  const { length, prot, flags, pgoff } = request;
  const { pid, address, pages, romPages, file, mmu } = mapped;
  const range = { pgoff, pages, writable: (prot & PROT_WRITE) !== 0, mmu };
  const { bailout, lastPageShared = false } = file?.fops.explainMmap?.(file, range) ?? {};
  sink({
    type: 'mmap',
    pid,
    address,
    length,
    prot,
    flags,
    path: request.file?.path,
    pgoff,
    romPages,
    ...(bailout === undefined ? {} : { bailout }),
    ...(lastPageShared ? { lastPageShared } : {}),
  });
}
