import { invariant } from '../errno.js';
import { FRAME_REGION } from '../phys/frame.js';
import type { NommuMm } from './mm-struct.js';
import { VM_MAPPED_COPY } from './vm-flags.js';
import type { VmRegion, VmRegions } from './vm-region.js';

/**
 * Checks what must hold between operations, for tests. Compare
 * mm/nommu.c:validate_nommu_regions(), which knows the region tree alone.
 *
 * @param mms all address spaces on these regions.
 * @throws InvariantError
 */
export function validateNommu(regions: VmRegions, mms: Iterable<NommuMm>): void {
  const usage = new Map<VmRegion, number>();
  for (const mm of mms) checkVmas(mm, usage);
  checkRegions(regions, usage);
}

function checkVmas(mm: NommuMm, usage: Map<VmRegion, number>): void {
  let end = 0;
  for (const vma of mm.vmas()) {
    const { vmRegion: region } = vma;
    invariant(vma.vmStart >= end, 'the VMAs of a process are disjoint and in order');
    invariant(vma.vmStart < vma.vmEnd && vma.vmEnd <= vma.treeEnd, 'a VMA lies in its tree entry');
    invariant(
      (vma.vmEnd === vma.treeEnd) === (vma.resizedBy === undefined),
      'only mremap() makes a VMA differ from its tree entry',
    );
    invariant(
      vma.vmStart >= region.vmStart && vma.vmEnd <= region.vmEnd,
      'a VMA lies in its region',
    );
    invariant(
      vma.vmPgoff - region.vmPgoff === (vma.vmStart - region.vmStart) / mm.geometry.size,
      'a VMA shows the pages of its region',
    );
    invariant(
      (vma.vmFlags & VM_MAPPED_COPY) === (region.vmFlags & VM_MAPPED_COPY),
      'a VMA and its region agree about being a copy',
    );
    invariant((vma.vmFile?.refCount ?? 1) > 0, 'the file of a VMA is held');
    usage.set(region, (usage.get(region) ?? 0) + 1);
    end = vma.treeEnd;
  }
}

function checkRegions(regions: VmRegions, usage: Map<VmRegion, number>): void {
  const { ram } = regions;
  const { size: pageSize } = regions.geometry;
  let start = -1;
  let ramEnd = 0;
  let pages = 0;
  let count = 0;
  for (const region of regions.values()) {
    invariant(region.vmStart > start, 'no two regions start at one address');
    invariant(
      region.vmStart < region.vmEnd && region.vmEnd <= region.vmTop,
      'the parts of a region are in order',
    );
    invariant(usage.get(region) === region.vmUsage, 'a region counts its VMAs');
    if ((region.vmFlags & VM_MAPPED_COPY) !== 0) {
      invariant(region.vmStart >= ramEnd, 'regions of RAM are disjoint');
      ramEnd = region.vmTop;
      pages += (region.vmTop - region.vmStart) / pageSize;
      for (let at = region.vmStart; at < region.vmTop; at += pageSize) {
        const frame = ram.phys.frameOf(at / pageSize);
        invariant(
          frame !== undefined && ram.phys.frames.kindOf(frame) === FRAME_REGION,
          'a region of RAM has its frames',
        );
      }
    }
    start = region.vmStart;
    count += 1;
  }
  invariant(count === usage.size, 'every region of a VMA is in the tree');
  invariant(pages === ram.pagesAllocated, 'mmap_pages_allocated counts the RAM of all regions');
}
