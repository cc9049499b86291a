import type { Machine } from '../machine.js';
import { FRAME_PAGE_CACHE, FRAME_ANON } from '../phys/frame.js';
import type { Frame } from '../units.js';

/** Pages of a machine by what they are used for; the names are those of /proc/vmstat. */
export interface NodeStat {
  readonly nr_free_pages: number;
  /** Anonymous pages that are mapped. */
  readonly nr_anon_pages: number;
  /** Pages of files that are mapped, and the kernel's own, such as [vdso]. */
  readonly nr_mapped: number;
  /** The page cache, that of tmpfs and of block devices included. */
  readonly nr_file_pages: number;
  readonly nr_page_table_pages: number;
}

/** Counts all frames: see include/linux/mmzone.h:enum node_stat_item. */
export function nodeStat({ phys, processes }: Machine): NodeStat {
  const { frames, ramFrames, used, kernelFrames } = phys;
  const counts = { anon: 0, mapped: 0, file: 0 };
  // Frames are handed out from the lowest on.
  for (let frame: Frame = 0; frame < frames.length; frame += 1) {
    const kind = frames.kindOf(frame);
    if (kind === FRAME_ANON) counts.anon += frames.mapCount(frame) > 0 ? 1 : 0;
    if (kind !== FRAME_PAGE_CACHE) continue;
    counts.file += 1;
    if (frames.mapCount(frame) > 0) counts.mapped += 1;
  }
  const tables = [...processes].reduce(
    (sum, { mm }) => sum + mm.account(() => new Set()).pageTablePages,
    0,
  );
  return {
    nr_free_pages: ramFrames - used,
    nr_anon_pages: counts.anon,
    nr_mapped: counts.mapped,
    nr_file_pages: counts.file - kernelFrames,
    nr_page_table_pages: tables,
  };
}
