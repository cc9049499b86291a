import { invariant } from '../errno.js';
import { IntervalSet } from '../interval-set/interval-set.js';
import type { VmPgoff, Vpn } from '../units.js';
import { vmaTag, type Vma } from './vma.js';

/**
 * The areas of a memory by their addresses (mm->mm_mt), each linked with its neighbours and, if it
 * maps a file, with the other areas of that file.
 */
export class VmaSet extends IntervalSet<Vma> {
  /** The last answer of {@link findVma}, which is usually the next one too. */
  private lastFound: Vma | undefined = undefined;

  /** The area that holds the page, or the first above it: find_vma(). */
  findVma(vpn: Vpn): Vma | undefined {
    const last = this.lastFound;
    if (last !== undefined && last.start <= vpn && vpn < last.end) return last;
    const vma = this.find(vpn);
    this.lastFound = vma;
    return vma;
  }

  /** The area that holds the page: vma_lookup(). */
  vmaAt(vpn: Vpn): Vma | undefined {
    const vma = this.findVma(vpn);
    return vma !== undefined && vma.start <= vpn ? vma : undefined;
  }

  /** Puts a new area into the set and into its file's: vma_link(). */
  link(vma: Vma): void {
    const next = this.find(vma.start);
    invariant(next === undefined || next.start >= vma.end, 'areas overlap');
    const prev = next === undefined ? this.findBefore(vma.start) : next.prev;
    vma.prev = prev;
    vma.next = next;
    if (prev !== undefined) prev.next = vma;
    if (next !== undefined) next.prev = vma;
    this.insert(vma, vmaTag(vma));
    vma.file?.mapping?.iMmap?.add(vma);
  }

  /** Takes an area out of the set; its pages stay. */
  unlink(vma: Vma): void {
    if (this.lastFound === vma) this.lastFound = undefined;
    this.remove(vma);
    if (vma.prev !== undefined) vma.prev.next = vma.next;
    if (vma.next !== undefined) vma.next.prev = vma.prev;
    vma.file?.mapping?.iMmap?.delete(vma);
  }

  /** Gives an area in the set other flags: vm_flags_reset(). */
  setFlags(vma: Vma, flags: number): void {
    vma.flags = flags;
    this.noteChange(vma);
  }

  /** To be called when flags or operations of an area in the set have changed. */
  noteChange(vma: Vma): void {
    this.retag(vma, vmaTag(vma));
  }

  /** Gives an area in the set other bounds: vma_set_range(). */
  setRange(vma: Vma, start: Vpn, end: Vpn, pgoff: VmPgoff): void {
    this.resize(vma, start, end);
    vma.pgoff = pgoff;
  }
}
