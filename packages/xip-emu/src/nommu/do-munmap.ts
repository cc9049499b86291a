import { SyscallError, invariant } from '../errno.js';
import type { Address } from '../units.js';
import { KernelCorruption } from '../kernel-corruption.js';
import { describeOrigin } from './describe.js';
import type { NommuMm } from './mm-struct.js';
import type { NommuVma } from './nommu-vma.js';
import type { VmRegion } from './vm-region.js';

/**
 * Compare mm/nommu.c:do_munmap(). A mapping of a file goes as a whole or not at all, and only its
 * end has to be right: of several in the range the one that ends with it goes, alone. Anonymous
 * memory may lose its head, its tail, or a piece in the middle.
 *
 * @param origin what to call this operation in a diagnosis.
 * @throws SyscallError, or KernelCorruption where the kernel goes wrong; nothing changed then.
 */
export function doMunmap(mm: NommuMm, start: Address, length: number, origin: string): void {
  const end = start + mm.geometry.alignLength(length);
  if (end === start) throw new SyscallError('EINVAL', 'no length');
  let vma = mm.tree.find(start, end);
  if (vma === undefined) throw new SyscallError('EINVAL', 'nothing is mapped there');

  if (vma.vmFile === undefined) {
    unmapAnonymous(mm, vma, { start, end, origin });
    return;
  }
  while (vma !== undefined) {
    if (start > vma.vmStart) throw new SyscallError('EINVAL', 'part of a mapping of a file');
    if (end === vma.vmEnd) {
      deleteVma(mm, vma, { start, end, origin });
      return;
    }
    vma = mm.tree.find(vma.treeEnd, end);
  }
  throw new SyscallError('EINVAL', 'no mapping of a file ends there');
}

interface Range {
  readonly start: Address;
  readonly end: Address;
  readonly origin: string;
}

function unmapAnonymous(mm: NommuMm, vma: NommuVma, range: Range): void {
  const { start, end } = range;
  if (start === vma.vmStart && end === vma.vmEnd) {
    deleteVma(mm, vma, range);
    return;
  }
  if (start < vma.vmStart || end > vma.vmEnd) {
    throw new SyscallError('EINVAL', 'not within one mapping');
  }
  const { geometry } = mm;
  if (!geometry.isAligned(start) || (end !== vma.vmEnd && !geometry.isAligned(end))) {
    throw new SyscallError('EINVAL', 'not at a page');
  }
  const isTail = end === vma.vmEnd;
  if (isTail) checkTreeEntry(vma, range);
  if (start !== vma.vmStart && !isTail) splitBelow(mm, vma, start);
  shrink(mm, vma, start, end);
}

/**
 * Makes [vm_start, at) a separate VMA and region; the argument keeps the rest. Compare
 * mm/nommu.c:split_vma().
 */
function splitBelow(mm: NommuMm, vma: NommuVma, at: Address): void {
  const { tree, regions } = mm;
  if (tree.count >= regions.maxMapCount) throw new SyscallError('ENOMEM', 'vm.max_map_count');
  const { vmRegion: region } = vma;
  const below: VmRegion = { ...region, vmEnd: at, vmTop: at };
  const lower: NommuVma = { ...vma, vmEnd: at, treeEnd: at, vmRegion: below, resizedBy: undefined };
  const pages = (at - vma.vmStart) / regions.geometry.size;
  regions.remove(region);
  region.vmStart = at;
  region.vmPgoff += pages;
  regions.add(region);
  regions.add(below);
  tree.moveStart(vma, at);
  vma.vmPgoff += pages;
  tree.add(lower);
  regions.holes += 1;
}

/** Cuts off the head or the tail [from, to). Compare mm/nommu.c:vmi_shrink_vma(). */
function shrink(mm: NommuMm, vma: NommuVma, from: Address, to: Address): void {
  const { tree, regions } = mm;
  const { vmRegion: region } = vma;
  invariant(region.vmUsage === 1, 'nobody shares anonymous memory');
  if (from > vma.vmStart) {
    vma.vmEnd = from;
    vma.treeEnd = from;
    const top = region.vmTop;
    region.vmTop = from;
    region.vmEnd = from;
    regions.ram.free(from, top);
    return;
  }
  tree.moveStart(vma, to);
  regions.remove(region);
  region.vmStart = to;
  regions.add(region);
  regions.ram.free(from, to);
}

function deleteVma(mm: NommuMm, vma: NommuVma, range: Range): void {
  checkTreeEntry(vma, range);
  removeVma(mm, vma);
}

/** Compare mm/nommu.c:delete_vma_from_mm() and delete_vma(). */
export function removeVma(mm: NommuMm, vma: NommuVma): void {
  mm.tree.remove(vma);
  mm.regions.fileVmas.delete(vma);
  vma.vmFile?.put();
  mm.regions.put(vma.vmRegion);
}

/**
 * What munmap() takes out of the tree ends at `vmEnd`; of a mapping that mremap() made shorter the
 * rest of its entry would stay.
 *
 * @throws KernelCorruption
 */
function checkTreeEntry(vma: NommuVma, { start, end, origin }: Range): void {
  if (vma.treeEnd === vma.vmEnd) return;
  throw new KernelCorruption({
    kind: 'stale vma',
    kernelFunction: 'mm/nommu.c:do_munmap() => vma_iter_clear()',
    effect:
      'mremap() made the mapping shorter without telling the VMA tree, so munmap() leaves an entry that points to a VMA it frees: use after free',
    first: {
      operation: vma.resizedBy ?? describeOrigin(vma.origin),
      start: vma.vmStart,
      end: vma.treeEnd,
    },
    second: { operation: origin, start, end },
  });
}
