import type { MemoryArea, MemoryReport, SmapsCounts } from '../memory-report.js';
import type { Address } from '../units.js';
import { mapsLine } from './maps.js';
import { vmFlagsText } from './vm-flags.js';

/** One VMA of a process, as /proc shows it. Addresses are bytes, `end` exclusive. */
export interface AreaReport {
  readonly start: Address;
  readonly end: Address;
  /** The second column of maps. */
  readonly permissions: string;
  /** The offset column: of a private VM_PFNMAP area the physical address. */
  readonly offset: number;
  /** Inode number and path, a byte string; undefined for anonymous memory. */
  readonly ino: number | undefined;
  readonly path: string | undefined;
  /** The line of maps, without its newline. */
  readonly line: string;
  /** VmFlags of smaps; undefined without MMU. */
  readonly vmFlags: string | undefined;
  /** What smaps counts; undefined without MMU. */
  readonly counts: SmapsCounts | undefined;
}

/** The areas that have a byte in `from`..`to` (exclusive), in the order of their addresses. */
export function areasIn(memory: MemoryReport, from: Address, to: Address): AreaReport[] {
  return Array.from(memory.areas())
    .filter(({ start, end }) => start < to && end > from)
    .map((area) => areaReport(memory, area));
}

function areaReport(memory: MemoryReport, area: MemoryArea): AreaReport {
  const { start, end, permissions, offset, file, vmFlags, counts } = area;
  return {
    start,
    end,
    permissions,
    offset,
    ino: file?.userInode.ino,
    path: file?.path,
    line: mapsLine(memory, area).slice(0, -1),
    vmFlags: vmFlags === undefined ? undefined : vmFlagsText(vmFlags),
    counts: counts?.(),
  };
}
