import type { MemoryArea, MemoryReport } from '../memory-report.js';
import type { PageGeometry } from '../units.js';
import { mapsLine, type MapsOptions } from './maps.js';
import { vmFlagsText } from './vm-flags.js';

const NAME_WIDTH = 16;
const VALUE_WIDTH = 8;

/**
 * /proc/PID/smaps, a byte string, of a process with an MMU (there is none without). No huge pages, KSM, swap or
 * locked memory; `Referenced` counts the accessed bits of the entries, not the marks that the
 * page cache's LRU keeps. Compare fs/proc/task_mmu.c:show_smap().
 */
export function smapsText(memory: MemoryReport, options: MapsOptions = {}): string {
  return Array.from(memory.areas(), (area) => smapsEntry(memory, area, options)).join('');
}

/** Returns the text of one area in /proc/PID/smaps. */
export function smapsEntry(
  memory: MemoryReport,
  area: MemoryArea,
  options: MapsOptions = {},
): string {
  return mapsLine(memory, area, options) + areaText(area, memory.build.geometry);
}

function areaText(
  { start, end, vmFlags, counts: countsOf }: MemoryArea,
  { size: pageSize }: PageGeometry,
): string {
  const counts = countsOf?.();
  if (counts === undefined || vmFlags === undefined) return '';
  const values: readonly (readonly [name: string, bytes: number])[] = [
    ['Size', end - start],
    ['KernelPageSize', pageSize],
    ['MMUPageSize', pageSize],
    ['Rss', counts.rss],
    ['Pss', counts.pss],
    ['Pss_Dirty', counts.pssDirty],
    ['Shared_Clean', counts.sharedClean],
    ['Shared_Dirty', counts.sharedDirty],
    ['Private_Clean', counts.privateClean],
    ['Private_Dirty', counts.privateDirty],
    ['Referenced', counts.referenced],
    ['Anonymous', counts.anonymous],
    ['KSM', 0],
    ['LazyFree', counts.lazyFree],
    ['AnonHugePages', 0],
    ['ShmemPmdMapped', 0],
    ['FilePmdMapped', 0],
    ['Shared_Hugetlb', 0],
    ['Private_Hugetlb', 0],
    ['Swap', 0],
    ['SwapPss', 0],
    ['Locked', 0],
  ];
  const lines = values.map(([name, bytes]) => `${field(name, Math.floor(bytes / 1024))} kB\n`);
  const letters = vmFlagsText(vmFlags);
  return `${lines.join('')}${field('THPeligible', 0)}\nVmFlags: ${letters === '' ? '' : `${letters} `}\n`;
}

/** A name too long for its column takes space from the value's column. */
function field(name: string, value: number): string {
  const label = `${name}:`.padEnd(NAME_WIDTH);
  return label + String(value).padStart(NAME_WIDTH + VALUE_WIDTH - label.length);
}
