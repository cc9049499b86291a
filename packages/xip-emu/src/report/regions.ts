import { permissionsText } from '../nommu/task-nommu.js';
import { VM_MAPPED_COPY } from '../nommu/vm-flags.js';
import type { VmRegions } from '../nommu/vm-region.js';
import type { Address } from '../units.js';

/** Memory under mappings without an MMU (struct vm_region), as /proc/maps lists it. */
export interface RegionReport {
  readonly start: Address;
  /** End of what mappings may use, exclusive. */
  readonly end: Address;
  readonly permissions: string;
  /** Byte string; undefined for anonymous memory. */
  readonly path: string | undefined;
  /** Inode number of the file; undefined for anonymous memory. */
  readonly ino: number | undefined;
  /** Page of the file that is at `start`. */
  readonly pgoff: number;
  /** Mappings that use it, in one process or several. */
  readonly users: number;
  /** Undefined for memory of a device: ROM. */
  readonly allocation: RegionAllocation | undefined;
}

/** The request to the page allocator. Compare mm/nommu.c:do_mmap_private(). */
export interface RegionAllocation {
  /** The allocation needs 2^order free pages in a row, aligned. */
  readonly order: number;
  readonly pages: number;
  /** Pages of it that nobody uses but that are not given back (vm.nr_trim_pages). */
  readonly slackPages: number;
}

/** All regions of a machine, in the order of their addresses. */
export function regionsIn(regions: VmRegions): RegionReport[] {
  const { geometry } = regions;
  return [...regions.values()].map((region) => {
    const { vmStart, vmEnd, vmTop, vmPgoff, vmFlags, vmFile, vmUsage } = region;
    const pages = geometry.pagesOf(vmEnd - vmStart);
    const isRam = (vmFlags & VM_MAPPED_COPY) !== 0;
    return {
      start: vmStart,
      end: vmEnd,
      permissions: permissionsText(vmFlags),
      path: vmFile?.path,
      ino: vmFile?.inode.ino,
      pgoff: vmPgoff,
      users: vmUsage,
      allocation: isRam
        ? {
            order: Math.ceil(Math.log2(pages)),
            pages,
            slackPages: (vmTop - vmEnd) / geometry.size,
          }
        : undefined,
    };
  });
}
