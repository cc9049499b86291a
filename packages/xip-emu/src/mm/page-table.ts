import { invariant } from '../errno.js';
import type { Vpn } from '../units.js';

const LEVEL_SHIFT = 9;
/** PTRS_PER_PTE */
export const ENTRIES = 1 << LEVEL_SHIFT;
const LEVEL_MASK = ENTRIES - 1;

type Leaf = Uint32Array;
type Middle = (Leaf | undefined)[];

/** A three-level page table as Sv39 has it; entries are those of pte.ts, 0 = none. */
export class PageTable {
  /** Leaf tables in use. */
  leaves = 0;
  private readonly root: (Middle | undefined)[] = [];
  private lastKey = -1;
  private lastLeaf: Leaf | undefined = undefined;

  get(vpn: Vpn): number {
    const leaf = this.leafOf(vpn);
    return leaf === undefined ? 0 : leaf[vpn & LEVEL_MASK]!;
  }

  set(vpn: Vpn, pte: number): void {
    const leaf = this.leafOf(vpn) ?? this.newLeaf(vpn);
    leaf[vpn & LEVEL_MASK] = pte;
  }

  /** Makes the leaf table for `vpn`, if there is none: pte_alloc(). */
  ensureLeaf(vpn: Vpn): void {
    if (this.leafOf(vpn) === undefined) this.newLeaf(vpn);
  }

  /** The leaf table with the entry of `vpn`, at index `vpn % ENTRIES`. */
  leafOf(vpn: Vpn): Leaf | undefined {
    const key = vpn >>> LEVEL_SHIFT;
    if (key === this.lastKey) return this.lastLeaf;
    const leaf = this.root[vpn >>> (2 * LEVEL_SHIFT)]?.[key & LEVEL_MASK];
    if (leaf !== undefined) {
      this.lastKey = key;
      this.lastLeaf = leaf;
    }
    return leaf;
  }

  private newLeaf(vpn: Vpn): Leaf {
    const at = vpn >>> (2 * LEVEL_SHIFT);
    let middle = this.root[at];
    if (middle === undefined) {
      middle = new Array<Leaf | undefined>(ENTRIES).fill(undefined);
      this.root[at] = middle;
    }
    const leaf = new Uint32Array(ENTRIES);
    const key = vpn >>> LEVEL_SHIFT;
    middle[key & LEVEL_MASK] = leaf;
    this.leaves += 1;
    this.lastKey = key;
    this.lastLeaf = leaf;
    return leaf;
  }

  /** The first page behind `vpn` that another leaf table is for. */
  static leafEnd(vpn: Vpn): Vpn {
    return (vpn | LEVEL_MASK) + 1;
  }

  /**
   * Frees the leaf tables of which every entry lies in `floor`..`ceiling`, a range without areas.
   * Compare mm/memory.c:free_pgtables().
   */
  free(from: Vpn, to: Vpn, floor: Vpn, ceiling: Vpn): void {
    let key = from >>> LEVEL_SHIFT;
    if (key << LEVEL_SHIFT < floor) key += 1;
    for (; key << LEVEL_SHIFT < to; key += 1) {
      if ((key + 1) << LEVEL_SHIFT > ceiling) return;
      const middle = this.root[key >>> LEVEL_SHIFT];
      if (middle === undefined) {
        key |= LEVEL_MASK;
        continue;
      }
      if (middle[key & LEVEL_MASK] === undefined) continue;
      middle[key & LEVEL_MASK] = undefined;
      this.leaves -= 1;
      if (key === this.lastKey) {
        this.lastKey = -1;
        this.lastLeaf = undefined;
      }
    }
  }

  /** Every entry that is not 0. */
  *entries(): Generator<readonly [vpn: Vpn, pte: number]> {
    for (const [top, middle] of this.root.entries()) {
      for (const [at, leaf] of middle?.entries() ?? []) {
        if (leaf === undefined) continue;
        const base = ((top << LEVEL_SHIFT) | at) << LEVEL_SHIFT;
        for (let slot = 0; slot < ENTRIES; slot += 1) {
          if (leaf[slot] !== 0) yield [base + slot, leaf[slot]!];
        }
      }
    }
  }
}

/** Highest page number that the table can hold, exclusive. */
export const VPN_LIMIT: Vpn = 1 << (3 * LEVEL_SHIFT - 1);
invariant(VPN_LIMIT === 1 << 26, 'Sv39 has 38 bits of user addresses');
