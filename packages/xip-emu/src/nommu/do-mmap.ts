import { SyscallError, isSyscallError } from '../errno.js';
import { MAP_ANONYMOUS, type MmapRequest } from '../memory-map.js';
import type { Address, Pgoff } from '../units.js';
import type { NommuCapabilities, OpenFile } from '../vfs/file.js';
import { verifyArea } from '../vfs/verify-area.js';
import { VM_SHARED, isNommuSharedMapping } from '../vfs/vm-area.js';
import { KernelCorruption } from '../kernel-corruption.js';
import { describeOrigin, type Origin } from './describe.js';
import type { NommuMm } from './mm-struct.js';
import type { NommuVma } from './nommu-vma.js';
import { validateMmapRequest } from './validate-request.js';
import { VM_MAPPED_COPY, determineVmFlags } from './vm-flags.js';
import type { VmRegion, VmRegions } from './vm-region.js';
import type { VmaTree } from './vma-tree.js';

interface NewMapping {
  readonly file: OpenFile | undefined;
  /** Bytes, whole pages. */
  readonly length: number;
  /** The same in pages. */
  readonly pages: number;
  readonly pgoff: Pgoff;
  readonly vmFlags: number;
  readonly capabilities: NommuCapabilities | undefined;
  readonly origin: Origin;
}

/**
 * Compare mm/nommu.c:do_mmap(): validate, share a region that is there, let the file say where its
 * own memory is, or make a copy.
 *
 * @param origin what to call this operation in a diagnosis.
 * @returns the new VMA, already in the tree.
 * @throws SyscallError, or KernelCorruption where the kernel goes wrong; nothing changed then.
 */
export function doMmap(mm: NommuMm, request: MmapRequest, origin: Origin): NommuVma {
  const { tree, regions } = mm;
  const { geometry } = regions;
  const capabilities = validateMmapRequest(request, geometry);
  const { prot, flags, pgoff } = request;
  const mapping: NewMapping = {
    file: (flags & MAP_ANONYMOUS) === 0 ? request.file : undefined,
    length: geometry.align(request.length),
    pages: geometry.pagesOf(request.length),
    pgoff,
    vmFlags: determineVmFlags(prot, flags, capabilities),
    capabilities,
    origin,
  };
  const shared = findSharedRegion(regions, mapping);
  if (shared !== undefined) return share(tree, regions, shared, mapping);

  const region = makeRegion(regions, mapping);
  const vma = vmaOn(region, region.vmStart, mapping);
  try {
    regions.add(region);
  } catch (error) {
    release(regions, region);
    throw error;
  }
  try {
    tree.add(vma);
  } catch (error) {
    regions.remove(region);
    release(regions, region);
    throw error;
  }
  region.vmFile?.get();
  holdFile(regions, vma);
  return vma;
}

/**
 * A region that holds all pages of the new mapping and may be shared. The first in the order of
 * addresses wins; one that overlaps and holds not all of them forbids a mapping that has to be a
 * copy.
 *
 * @throws SyscallError EINVAL ("sharing violation").
 */
function findSharedRegion(regions: VmRegions, mapping: NewMapping): VmRegion | undefined {
  const { file, pgoff, pages, vmFlags, capabilities } = mapping;
  if (file === undefined || !isNommuSharedMapping(vmFlags)) return undefined;
  const { geometry } = regions;
  const pgend = pgoff + pages;
  for (const region of regions.values()) {
    if (!isNommuSharedMapping(region.vmFlags) || region.vmFile?.inode !== file.inode) continue;
    const regionEnd = region.vmPgoff + geometry.pagesOf(region.vmEnd - region.vmStart);
    if (region.vmPgoff >= pgend || pgoff >= regionEnd) continue;
    if (pgoff >= region.vmPgoff && pgend <= regionEnd) return region;
    if (capabilities?.direct !== true) {
      throw new SyscallError('EINVAL', 'sharing violation: a copy of a part of these pages exists');
    }
  }
  return undefined;
}

function share(tree: VmaTree, regions: VmRegions, region: VmRegion, mapping: NewMapping): NommuVma {
  if ((region.vmFlags & VM_MAPPED_COPY) === 0 && !acceptsDirect(mapping)) throw notDirect();
  const { size: pageSize } = regions.geometry;
  const start = region.vmStart + (mapping.pgoff - region.vmPgoff) * pageSize;
  const vma = vmaOn(region, start, mapping);
  if (region.freedFrom !== undefined && mapping.pgoff + mapping.pages > region.freedFrom) {
    throw mapsFreedPages(region, vma);
  }
  tree.add(vma);
  region.vmUsage += 1;
  holdFile(regions, vma);
  return vma;
}

/** A file became shorter and longer again: the region has its old pages, which now belong to others. */
function mapsFreedPages(region: VmRegion, { vmStart, vmEnd, origin }: NommuVma): KernelCorruption {
  return new KernelCorruption({
    kind: 'pages freed',
    kernelFunction: 'mm/nommu.c:do_mmap()',
    effect:
      'the file has been shorter since the region was made, whose pages were freed then: the new mapping shows, and may run, whatever they are used for now',
    first: { operation: describeOrigin(region.origin), start: region.vmStart, end: region.vmEnd },
    second: { operation: describeOrigin(origin), start: vmStart, end: vmEnd },
  });
}

/** Compare mm/nommu.c:setup_vma_to_mm(). */
function holdFile(regions: VmRegions, vma: NommuVma): void {
  if (vma.vmFile === undefined) return;
  vma.vmFile.get();
  regions.fileVmas.add(vma);
}

function makeRegion(regions: VmRegions, mapping: NewMapping): VmRegion {
  const { file, vmFlags } = mapping;
  const address = file === undefined ? undefined : directAddress(file, mapping);
  if (address !== undefined && acceptsDirect(mapping)) {
    const top = address + mapping.length;
    return regionAt({ start: address, top }, mapping, vmFlags);
  }
  if (file !== undefined && (vmFlags & VM_SHARED) !== 0) throw notDirect();
  return regionAt(copyToRam(regions, mapping), mapping, vmFlags | VM_MAPPED_COPY);
}

/** @param memory the allocation, up to its end. */
function regionAt(
  { start, top }: { readonly start: Address; readonly top: Address },
  mapping: NewMapping,
  vmFlags: number,
): VmRegion {
  const { file, pgoff, length, origin } = mapping;
  return {
    vmStart: start,
    vmEnd: start + length,
    vmTop: top,
    vmPgoff: pgoff,
    vmFlags,
    vmFile: file,
    freedFrom: undefined,
    vmUsage: 1,
    origin,
    allocation: { start },
  };
}

/** The address of the file's own memory, or undefined if the mapping has to be a copy. */
function directAddress(file: OpenFile, mapping: NewMapping): Address | undefined {
  const { capabilities, pgoff, pages, vmFlags } = mapping;
  if (capabilities?.direct !== true || !isNommuSharedMapping(vmFlags)) return undefined;
  try {
    return file.fops.getUnmappedArea?.(file, pgoff, pages);
  } catch (error) {
    if (!isSyscallError(error, 'ENOSYS')) throw error;
    if (!capabilities.copy) throw new SyscallError('ENODEV', error.reason);
    return undefined;
  }
}

/** What the file's mmap says. Compare mm/nommu.c:do_mmap_shared_file() and do_mmap_private(). */
function acceptsDirect({ file, vmFlags }: NewMapping): boolean {
  return file?.fops.nommuMmap?.(file, vmFlags) === true;
}

function notDirect(): SyscallError {
  return new SyscallError('ENODEV', 'the file does not map its memory directly');
}

/**
 * Allocates memory and reads the file into it, all at once. Compare mm/nommu.c:do_mmap_private()
 * => kernel_read().
 */
function copyToRam(
  { ram }: VmRegions,
  { file, length, pages, pgoff }: NewMapping,
): { readonly start: Address; readonly top: Address } {
  const memory = ram.allocate(pages);
  const { start, top } = memory;
  if (file === undefined) return memory;
  try {
    const position = pgoff * ram.phys.geometry.size;
    verifyArea(position, length);
    if (file.fops.refusesKernelRead === true) {
      throw new SyscallError('EINVAL', 'the kernel cannot read the file');
    }
    const content = new Uint8Array(length);
    const got = file.fops.readIter!(file, position, content);
    ram.write(start, content.subarray(0, got));
  } catch (error) {
    ram.free(start, top);
    throw error;
  }
  return memory;
}

function vmaOn(vmRegion: VmRegion, vmStart: Address, mapping: NewMapping): NommuVma {
  const vmEnd = vmStart + mapping.length;
  return {
    vmStart,
    vmEnd,
    treeEnd: vmEnd,
    vmFlags: mapping.vmFlags | (vmRegion.vmFlags & VM_MAPPED_COPY),
    vmPgoff: mapping.pgoff,
    vmFile: mapping.file,
    vmRegion,
    origin: mapping.origin,
    resizedBy: undefined,
  };
}

/** Frees the memory of a region that is in no tree. */
function release({ ram }: VmRegions, region: VmRegion): void {
  if ((region.vmFlags & VM_MAPPED_COPY) !== 0) ram.free(region.vmStart, region.vmTop);
}
