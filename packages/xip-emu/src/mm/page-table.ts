import type { Vpn } from '../units.js';

/** Leaf tables are kept in groups, so that the list of groups stays short. */
const GROUP_SHIFT = 9;
const GROUP_MASK = (1 << GROUP_SHIFT) - 1;
/** Page numbers below this are integers for bit operators. */
const INTEGER_LIMIT = 2 ** 31;

/** A table of the lowest level: the entry of a page is at index `vpn & mask`. */
export type Leaf = Uint32Array;
type Group = (Leaf | undefined)[];

/**
 * A page table: its tables of the lowest level, whose entries are those of pte.ts, 0 = none. What is
 * above them differs by architecture and is left out.
 */
export class PageTable {
  /** PTRS_PER_PTE, a power of two. */
  readonly entries: number;
  /** `vpn & mask` is the entry of a page in its leaf table. */
  readonly mask: number;
  private readonly shift: number;
  /** Leaf tables in use. */
  leaves = 0;
  private readonly root: (Group | undefined)[] = [];
  /** Indices of the groups in `root`, in their order. */
  private readonly tops: number[] = [];
  private lastKey = -1;
  private lastLeaf: Leaf | undefined = undefined;

  constructor(entries: number) {
    this.entries = entries;
    this.mask = entries - 1;
    this.shift = Math.log2(entries);
  }

  get(vpn: Vpn): number {
    const leaf = this.leafOf(vpn);
    return leaf === undefined ? 0 : leaf[vpn & this.mask]!;
  }

  set(vpn: Vpn, pte: number): void {
    const leaf = this.leafOf(vpn) ?? this.newLeaf(vpn);
    leaf[vpn & this.mask] = pte;
  }

  /** Makes the leaf table for `vpn`, if there is none: pte_alloc(). */
  ensureLeaf(vpn: Vpn): void {
    if (this.leafOf(vpn) === undefined) this.newLeaf(vpn);
  }

  /** The leaf table with the entry of `vpn`, at index `vpn & mask`. */
  leafOf(vpn: Vpn): Leaf | undefined {
    const key = this.keyOf(vpn);
    if (key === this.lastKey) return this.lastLeaf;
    const leaf = this.root[groupOf(key)]?.[key & GROUP_MASK];
    if (leaf !== undefined) {
      this.lastKey = key;
      this.lastLeaf = leaf;
    }
    return leaf;
  }

  private newLeaf(vpn: Vpn): Leaf {
    const key = this.keyOf(vpn);
    const top = groupOf(key);
    let group = this.root[top];
    if (group === undefined) {
      group = new Array<Leaf | undefined>(1 << GROUP_SHIFT).fill(undefined);
      this.root[top] = group;
      this.tops.push(top);
      this.tops.sort((a, b) => a - b);
    }
    const leaf = new Uint32Array(this.entries);
    group[key & GROUP_MASK] = leaf;
    this.leaves += 1;
    this.lastKey = key;
    this.lastLeaf = leaf;
    return leaf;
  }

  /** The first page after `vpn` that another leaf table is for; where there are none, far after it. */
  leafEnd(vpn: Vpn): Vpn {
    const key = this.keyOf(vpn);
    return (this.root[groupOf(key)] === undefined ? this.nextGroup(key) : key + 1) * this.entries;
  }

  /** The first leaf table of the next existing group; Infinity if there is none. */
  private nextGroup(key: number): number {
    const top = groupOf(key);
    return (this.tops.find((other) => other > top) ?? Infinity) * (1 << GROUP_SHIFT);
  }

  /** Number of the leaf table that a page has its entry in. */
  private keyOf(vpn: Vpn): number {
    return vpn < INTEGER_LIMIT ? vpn >>> this.shift : Math.floor(vpn / this.entries);
  }

  /**
   * Frees the leaf tables that lie wholly in `floor`..`ceiling`, a range without areas.
   * Compare mm/memory.c:free_pgtables().
   */
  free(from: Vpn, to: Vpn, floor: Vpn, ceiling: Vpn): void {
    const { entries } = this;
    let key = this.keyOf(from);
    if (key * entries < floor) key += 1;
    for (; key * entries < to; key += 1) {
      if ((key + 1) * entries > ceiling) return;
      const group = this.root[groupOf(key)];
      if (group === undefined) {
        key = this.nextGroup(key) - 1;
        continue;
      }
      if (group[key & GROUP_MASK] === undefined) continue;
      group[key & GROUP_MASK] = undefined;
      this.leaves -= 1;
      if (key === this.lastKey) {
        this.lastKey = -1;
        this.lastLeaf = undefined;
      }
    }
  }

  /**
   * Visits the leaf tables of a range, with the part of the range that each is for; ranges without
   * tables are skipped, however long they are. Compare mm/pagewalk.c:walk_pmd_range().
   */
  walk(from: Vpn, to: Vpn, visit: (leaf: Leaf, from: Vpn, to: Vpn) => void): void {
    for (let vpn = from; vpn < to;) {
      const end = Math.min(to, this.leafEnd(vpn));
      const leaf = this.leafOf(vpn);
      if (leaf !== undefined) visit(leaf, vpn, end);
      vpn = end;
    }
  }

  /** The entries of a range that are not 0; ranges without tables are skipped. */
  *presentIn(from: Vpn, to: Vpn): Generator<readonly [vpn: Vpn, pte: number]> {
    for (let vpn = from; vpn < to;) {
      const end = Math.min(to, this.leafEnd(vpn));
      const leaf = this.leafOf(vpn);
      if (leaf !== undefined) {
        for (; vpn < end; vpn += 1) {
          const pte = leaf[vpn & this.mask]!;
          if (pte !== 0) yield [vpn, pte];
        }
      }
      vpn = end;
    }
  }

  /** Every entry that is not 0. */
  *present(): Generator<readonly [vpn: Vpn, pte: number]> {
    for (const top of Object.keys(this.root)) {
      for (const [at, leaf] of this.root[Number(top)]!.entries()) {
        if (leaf === undefined) continue;
        const base = (Number(top) * (1 << GROUP_SHIFT) + at) * this.entries;
        for (let slot = 0; slot < this.entries; slot += 1) {
          if (leaf[slot] !== 0) yield [base + slot, leaf[slot]!];
        }
      }
    }
  }
}

/** Index of the group of a leaf table. */
function groupOf(key: number): number {
  return key < INTEGER_LIMIT ? key >>> GROUP_SHIFT : Math.floor(key / (1 << GROUP_SHIFT));
}
