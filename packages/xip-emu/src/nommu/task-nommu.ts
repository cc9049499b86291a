import { NO_PAGE, type MemoryAccount, type MemoryArea, type MemoryPage } from '../memory-report.js';
import type { Address, PageGeometry } from '../units.js';
import { VM_EXEC, VM_MAYSHARE, VM_READ, VM_SHARED, VM_WRITE } from '../vfs/vm-area.js';
import type { NommuVma } from './nommu-vma.js';
import { VM_MAPPED_COPY } from './vm-flags.js';
import type { VmRegions } from './vm-region.js';

/** Compare fs/proc/task_nommu.c:nommu_vma_show(), which escapes nothing. */
export function areaOf(
  geometry: PageGeometry,
  vma: NommuVma,
  startStack: Address | undefined,
): MemoryArea {
  const { vmStart, vmEnd, vmFlags, vmPgoff, vmFile } = vma;
  const isStack = startStack !== undefined && vmStart <= startStack && vmEnd >= startStack;
  return {
    start: vmStart,
    end: vmEnd,
    permissions: permissionsText(vmFlags),
    offset: vmFile === undefined ? 0 : vmPgoff * geometry.size,
    file: vmFile,
    name: vmFile?.path ?? (isStack ? '[stack]' : undefined),
    vmFlags: undefined,
    counts: undefined,
  };
}

/** Returns the second column of maps: `s` is a mapping that may be shared, `S` one that is. */
export function permissionsText(flags: number): string {
  const shared = (flags & VM_MAYSHARE) === 0 ? 'p' : (flags & VM_SHARED) === 0 ? 's' : 'S';
  return [
    (flags & VM_READ) === 0 ? '-' : 'r',
    (flags & VM_WRITE) === 0 ? '-' : 'w',
    (flags & VM_EXEC) === 0 ? '-' : 'x',
    shared,
  ].join('');
}

/** What is at an address, which is a physical one. */
export function pageAt(
  { ram }: VmRegions,
  vma: NommuVma | undefined,
  address: Address,
): MemoryPage {
  if (vma === undefined) return NO_PAGE;
  const isRam = (vma.vmRegion.vmFlags & VM_MAPPED_COPY) !== 0;
  const { phys } = ram;
  const isThere = phys.frameOf(phys.geometry.pageOf(address)) !== undefined;
  return { backing: isRam ? 'copy' : isThere ? 'rom' : 'absent', physical: address };
}

/** Counts the pages of mappings; those of ROM need not be aligned. */
export function accountVmas(geometry: PageGeometry, vmas: Iterable<NommuVma>): MemoryAccount {
  let romPages = 0;
  let anonymousPages = 0;
  for (const { vmStart, vmEnd, vmRegion } of vmas) {
    const pages = geometry.pagesOf(vmEnd - vmStart);
    if ((vmRegion.vmFlags & VM_MAPPED_COPY) === 0) romPages += pages;
    else anonymousPages += pages;
  }
  return { romPages, pageCachePages: 0, anonymousPages, pageTablePages: 0 };
}
