import { invariant } from '../errno.js';
import type { Address, PageGeometry, Pgoff } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import type { Inode } from '../vfs/inode.js';
import type { NommuMappings } from '../vfs/nommu-mappings.js';
import { VM_MAPPED_COPY } from './vm-flags.js';
import { KernelCorruption } from '../kernel-corruption.js';
import { describeOrigin, type Origin } from './describe.js';
import type { NommuVma } from './nommu-vma.js';
import { OrderedMap } from './ordered-map.js';
import type { RegionRam } from './region-ram.js';
import { shrinkInodeMappings } from './shrink-inode.js';

/**
 * A piece of memory that mappings stand on, in the whole machine (struct vm_region): RAM that the
 * kernel allocated for them, or the device's own memory.
 */
export interface VmRegion {
  vmStart: Address;
  /** End of what the mappings may use; mremap() grows a mapping again up to here. */
  vmEnd: Address;
  /** End of the allocation. */
  vmTop: Address;
  /** Page of the file that is at `vmStart`. */
  vmPgoff: Pgoff;
  vmFlags: number;
  /** Holds a reference. */
  readonly vmFile: OpenFile | undefined;
  /** What the kernel does not keep: the page of the file from which on the pages were freed. */
  freedFrom: Pgoff | undefined;
  /** VMAs that stand on it. */
  vmUsage: number;
  /** The operation that made it. */
  readonly origin: Origin;
  /** What the kernel does not keep: pieces of one allocation, split by munmap(), share it. */
  readonly allocation: Allocation;
}

/** A row of memory as it was obtained, ROM or RAM; its identity lasts longer than an address. */
export interface Allocation {
  readonly start: Address;
}

/** include/linux/mm.h:DEFAULT_MAX_MAP_COUNT. */
const DEFAULT_MAX_MAP_COUNT = 65530;

/** All regions of a machine by their start: Linux's nommu_region_tree, and the memory under them. */
export class VmRegions implements NommuMappings {
  private readonly tree = new OrderedMap<VmRegion>();

  readonly ram: RegionRam;

  /** The mappings of files, in all processes: i_mmap of all of them. */
  readonly fileVmas = new Set<NommuVma>();

  /** Holes made in anonymous mappings: the kernel goes on, but its maple tree warns (WARN_ON). */
  holes = 0;

  /** vm.max_map_count: a process with this many mappings cannot split one. */
  readonly maxMapCount: number;

  constructor(ram: RegionRam, { maxMapCount = DEFAULT_MAX_MAP_COUNT } = {}) {
    this.ram = ram;
    this.maxMapCount = maxMapCount;
  }

  get geometry(): PageGeometry {
    return this.ram.phys.geometry;
  }

  get count(): number {
    return this.tree.size;
  }

  /** True if an operation made the kernel warn, which taints it (TAINT_WARN). */
  get warned(): boolean {
    return this.holes > 0 || this.ram.warnings > 0;
  }

  /** Returns the regions in the order of their addresses, in which do_mmap() looks for one to share. */
  values(): IterableIterator<VmRegion> {
    return this.tree.values();
  }

  shrinkInodeMappings(inode: Inode, size: number, newSize: number): void {
    shrinkInodeMappings(this.fileVmas, inode, size, newSize);
  }

  /**
   * Compare mm/nommu.c:add_nommu_region().
   *
   * @throws KernelCorruption where the kernel has BUG(): another region starts at that address.
   */
  add(region: VmRegion): void {
    const other = this.tree.get(region.vmStart);
    if (other === region) return;
    if (other !== undefined) {
      throw new KernelCorruption({
        kind: 'BUG',
        kernelFunction: 'mm/nommu.c:add_nommu_region()',
        effect:
          'BUG(): two regions start at one address and neither shares the other; the kernel dies with nommu_region_sem held',
        first: { operation: describeOrigin(other.origin), start: other.vmStart, end: other.vmEnd },
        second: {
          operation: describeOrigin(region.origin),
          start: region.vmStart,
          end: region.vmEnd,
        },
      });
    }
    this.tree.set(region.vmStart, region);
  }

  /** Takes the region out of the tree, to change its start or to free it. */
  remove(region: VmRegion): void {
    invariant(this.tree.get(region.vmStart) === region, 'the region is in the tree');
    this.tree.delete(region.vmStart);
  }

  /**
   * Drops one VMA's hold; the last one frees the memory. Compare
   * mm/nommu.c:__put_nommu_region().
   */
  put(region: VmRegion): void {
    region.vmUsage -= 1;
    if (region.vmUsage > 0) return;
    invariant(region.vmUsage === 0, 'a region is put as often as it is taken');
    this.remove(region);
    region.vmFile?.put();
    // ROM, and memory that a file lends, is not freed here.
    if ((region.vmFlags & VM_MAPPED_COPY) !== 0) this.ram.free(region.vmStart, region.vmTop);
  }
}
