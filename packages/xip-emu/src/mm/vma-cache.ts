import type { VmPgoff, Vpn } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import type { VmSpace } from '../vfs/vm-area.js';
import { unlinkAnonVmas } from './anon-vma.js';
import { Vma } from './vma.js';

/** Freed areas kept for reuse: as many as a few splits and merges need. */
const SPARE_VMAS = 64;

/** Where the areas of a memory come from, and go to (vm_area_cachep). Compare kernel/fork.c. */
export class VmaCache {
  private readonly space: VmSpace;
  private readonly spare: Vma[] = [];

  /** @param space of all its areas. */
  constructor(space: VmSpace) {
    this.space = space;
  }

  /**
   * An area that is in no set yet; takes over the reference to the file. Those that were freed last
   * come first, as from a slab cache: the garbage collector would have to copy each new one that
   * stays. Compare kernel/fork.c:vm_area_alloc().
   */
  alloc(start: Vpn, end: Vpn, flags: number, pgoff: VmPgoff, file: OpenFile | undefined): Vma {
    const vma = this.spare.pop();
    if (vma === undefined) return new Vma(this.space, start, end, flags, pgoff, file);
    vma.reuse(start, end, flags, pgoff, file);
    return vma;
  }

  /**
   * A copy for another place, or of another process's area: no anon_vma, in no set, one more file
   * reference. Compare kernel/fork.c:vm_area_dup().
   */
  dup({ start, end, flags, pgoff, file, ops, privateData }: Vma): Vma {
    const copy = this.alloc(start, end, flags, pgoff, file?.get());
    copy.ops = ops;
    copy.privateData = privateData;
    return copy;
  }

  /** Drops what an unlinked area holds, and the area. Compare mm/vma.c:remove_vma(). */
  free(vma: Vma): void {
    unlinkAnonVmas(vma);
    vma.ops?.close?.(vma);
    vma.file?.put();
    vma.file = undefined;
    if (this.spare.length < SPARE_VMAS) this.spare.push(vma);
  }
}
