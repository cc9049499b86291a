import { invariant } from '../errno.js';
import type { Address } from '../units.js';
import { KernelCorruption } from '../kernel-corruption.js';
import { describeOrigin } from './describe.js';
import type { NommuVma } from './nommu-vma.js';
import { OrderedMap } from './ordered-map.js';

const EFFECTS = {
  'vma replaced':
    'the new mapping wipes the old one out of the VMA tree: it can never be unmapped, its file and region references leak and umount fails with EBUSY',
  'vma split in two':
    'the new mapping lies inside the old one, which is now in the VMA tree twice: exit frees it twice (VFS: Close: file count is 0)',
  'vma cut':
    'the new mapping covers an end of the old one in the VMA tree: unmapping either takes pages from the other',
} as const;

/**
 * The VMAs of one process by address. A kernel without MMU chooses addresses that fall where the
 * memory is, and does not look whether something of the process is there already: its tree is
 * overwritten, ours refuses.
 */
export class VmaTree {
  private readonly tree = new OrderedMap<NommuVma>();

  get count(): number {
    return this.tree.size;
  }

  /** Returns the areas in the order of their addresses. */
  values(): IterableIterator<NommuVma> {
    return this.tree.values();
  }

  /** The VMA whose entry covers `address`. Compare include/linux/mm.h:vma_lookup(). */
  lookup(address: Address): NommuVma | undefined {
    const vma = this.tree.floor(address);
    return vma !== undefined && address < vma.treeEnd ? vma : undefined;
  }

  /** The first VMA whose entry overlaps [start, end). Compare include/linux/mm.h:vma_find(). */
  find(start: Address, end: Address): NommuVma | undefined {
    const vma = this.lookup(start) ?? this.tree.higher(start);
    return vma !== undefined && vma.vmStart < end ? vma : undefined;
  }

  /**
   * Compare mm/nommu.c:do_mmap() => vma_iter_store().
   *
   * @throws KernelCorruption if the process has something there.
   */
  add(vma: NommuVma): void {
    const other = this.find(vma.vmStart, vma.vmEnd);
    if (other !== undefined) {
      const kind = overlapKind(other, vma);
      throw new KernelCorruption({
        kind,
        kernelFunction: 'mm/nommu.c:do_mmap() => vma_iter_store()',
        effect: EFFECTS[kind],
        first: { operation: describeOrigin(other.origin), start: other.vmStart, end: other.vmEnd },
        second: { operation: describeOrigin(vma.origin), start: vma.vmStart, end: vma.vmEnd },
      });
    }
    vma.treeEnd = vma.vmEnd;
    this.tree.set(vma.vmStart, vma);
  }

  remove(vma: NommuVma): void {
    invariant(this.tree.get(vma.vmStart) === vma, 'the VMA is in the tree');
    this.tree.delete(vma.vmStart);
  }

  /** Moves the start of a VMA up, its end stays. */
  moveStart(vma: NommuVma, start: Address): void {
    this.remove(vma);
    vma.vmStart = start;
    this.tree.set(start, vma);
  }
}

function overlapKind(old: NommuVma, fresh: NommuVma): keyof typeof EFFECTS {
  if (fresh.vmStart <= old.vmStart && fresh.vmEnd >= old.treeEnd) return 'vma replaced';
  return fresh.vmStart > old.vmStart && fresh.vmEnd < old.treeEnd ? 'vma split in two' : 'vma cut';
}
