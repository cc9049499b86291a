import type { GateArea } from '../arch/architecture.js';
import type { MemoryMap } from '../memory-map.js';
import type { Mm } from '../mm/mm-struct.js';
import { MmuMemory } from '../mm/mmu-memory.js';
import { NommuMm } from '../nommu/nommu-mm.js';
import { PAGE_SIZE, type Address } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import { GATE_FLAGS, gateLine, mapsLine, nommuMapsLine, nommuPermissionsText } from './maps.js';
import {
  noCounts,
  offsetOf,
  permissionsText,
  smapsCounts,
  vmFlagsText,
  type SmapsCounts,
} from './smaps.js';

/** One VMA of a process, as /proc shows it. Addresses are bytes, `end` exclusive. */
export interface AreaReport {
  readonly start: Address;
  readonly end: Address;
  /** As in the second column of maps. */
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
export function areasIn(memory: MemoryMap, from: Address, to: Address): AreaReport[] {
  const areas: AreaReport[] = [];
  if (memory instanceof MmuMemory) {
    const { mm } = memory;
    for (const vma of mm.vmas) {
      const [start, end] = [vma.start * PAGE_SIZE, vma.end * PAGE_SIZE];
      if (start >= to || end <= from) continue;
      areas.push({
        start,
        end,
        permissions: permissionsText(vma.flags),
        offset: offsetOf(vma),
        ...nameOf(vma.file),
        line: mapsLine(mm, vma).slice(0, -1),
        vmFlags: vmFlagsText(vma.flags),
        counts: smapsCounts(mm, vma),
      });
    }
    const gate = mm.host.build.gateArea;
    if (gate !== undefined && gate.start < to && gate.end > from) areas.push(gateReport(mm, gate));
  } else if (memory instanceof NommuMm) {
    for (const vma of memory.vmas()) {
      const { vmStart, vmEnd, vmFlags, vmPgoff, vmFile } = vma;
      if (vmStart >= to || vmEnd <= from) continue;
      areas.push({
        start: vmStart,
        end: vmEnd,
        permissions: nommuPermissionsText(vmFlags),
        offset: vmFile === undefined ? 0 : vmPgoff * PAGE_SIZE,
        ...nameOf(vmFile),
        line: nommuMapsLine(memory, vma).slice(0, -1),
        vmFlags: undefined,
        counts: undefined,
      });
    }
  }
  return areas;
}

function gateReport(mm: Mm, { start, end }: GateArea): AreaReport {
  return {
    start,
    end,
    permissions: permissionsText(GATE_FLAGS),
    offset: 0,
    ino: undefined,
    path: undefined,
    line: gateLine(mm).slice(0, -1),
    vmFlags: vmFlagsText(GATE_FLAGS),
    counts: noCounts(),
  };
}

function nameOf(file: OpenFile | undefined): Pick<AreaReport, 'ino' | 'path'> {
  return { ino: file?.userInode.ino, path: file?.path };
}
