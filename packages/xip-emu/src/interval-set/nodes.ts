const FANOUT_SHIFT = 6;
/** Slots of a node. */
export const FANOUT = 1 << FANOUT_SHIFT;
/** A number above all bounds in an array of 32-bit integers. */
const ABOVE_INT32 = 2 ** 31 - 1;
/** A number above all bounds if they are larger. */
const ABOVE_FLOAT64 = 2 ** 53 - 1;
/** The limit of bounds that are kept in 32 bits. */
export const INT32_LIMIT = ABOVE_INT32 - 1;

type Bounds = Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** The number of a node: its slots start at node * FANOUT, and the first ones are in use. */
export type Node = number;
export const NO_NODE: Node = -1;

/** A gap search from above: no gap from `top` up to `high` is large enough. */
interface GapSearch {
  readonly high: number;
  readonly length: number;
  top: number;
}

/**
 * The nodes of an {@link IntervalSet}'s tree, and the gaps below them. A slot of a leaf has the bounds
 * of an item, a slot of a branch the first start below a child, and the child.
 *
 * All nodes lie in a few arrays, bounds included: a search reads no item but the one that it finds.
 * With 100,000 items each object on the way would be one more cache miss. For the same reason the set
 * is its nodes instead of having them: mmap(2) and munmap(2) took 5 % longer otherwise.
 */
export abstract class IntervalNodes {
  /** Bounds of a leaf's items; for a branch, the first start below each child, and the child. */
  protected starts: Bounds;
  protected ends: Bounds;
  protected tags = new Int32Array(FANOUT);
  /** Slots in use. */
  protected counts = new Uint8Array(1);
  /**
   * Largest free range between two items below a node; -1: unknown, as are those of the nodes
   * above.
   */
  protected gaps: Bounds;
  /** The end of the last item below a node, if `gaps` is known. */
  protected highs: Bounds;
  /** The leaves on both sides of a leaf. */
  protected prev = new Int32Array(1).fill(NO_NODE);
  protected next = new Int32Array(1).fill(NO_NODE);
  /** Never below an end: the start in unused slots. */
  protected readonly above: number;
  /** The number of nodes, including free ones. */
  protected nodes = 1;
  private readonly freeNodes: Node[] = [];

  /** One node, a leaf without items. @param limit no range ends above it. */
  constructor(limit: number) {
    const array = limit <= INT32_LIMIT ? Int32Array : Float64Array;
    this.above = limit <= INT32_LIMIT ? ABOVE_INT32 : ABOVE_FLOAT64;
    this.starts = new array(FANOUT).fill(this.above);
    this.ends = new array(FANOUT);
    this.gaps = new array(1).fill(-1);
    this.highs = new array(1);
  }

  /** The slot after the last one in use. */
  protected slotsEnd(node: Node): number {
    return node * FANOUT + this.counts[node]!;
  }

  /**
   * Returns the slot of the node with the last start at `at` or below; the one before its slots if
   * there is none. For integer bounds no branch depends on the comparisons, because they could not
   * be predicted.
   */
  protected lastAtMost(node: Node, at: number): number {
    const { starts } = this;
    let slot = node * FANOUT;
    if (this.above === ABOVE_INT32) {
      for (let step = FANOUT / 2; step > 0; step >>>= 1) {
        slot += step & ((starts[slot + step]! - at - 1) >> 31);
      }
    } else {
      for (let step = FANOUT / 2; step > 0; step >>>= 1) {
        if (starts[slot + step]! <= at) slot += step;
      }
    }
    return starts[slot]! <= at ? slot : slot - 1;
  }

  /** Makes room for bounds in a node that is not full. */
  protected openSlot(node: Node, slot: number, start: number, end: number, tag: number): void {
    const { starts, ends, tags } = this;
    for (let at = this.slotsEnd(node); at > slot; at -= 1) {
      starts[at] = starts[at - 1]!;
      ends[at] = ends[at - 1]!;
      tags[at] = tags[at - 1]!;
    }
    starts[slot] = start;
    ends[slot] = end;
    tags[slot] = tag;
    this.counts[node]! += 1;
  }

  /** Removes bounds from a node. */
  protected closeSlot(node: Node, slot: number): void {
    const { starts, ends, tags } = this;
    this.counts[node]! -= 1;
    const end = this.slotsEnd(node);
    for (let at = slot; at < end; at += 1) {
      starts[at] = starts[at + 1]!;
      ends[at] = ends[at + 1]!;
      tags[at] = tags[at + 1]!;
    }
    starts[end] = this.above;
  }

  /** Returns a node without slots in use, and without neighbours. */
  protected newNode(): Node {
    const freed = this.freeNodes.pop();
    if (freed !== undefined) return freed;
    const node = this.nodes;
    this.nodes += 1;
    if (node === this.counts.length) this.enlarge(2 * node);
    return node;
  }

  private enlarge(nodes: number): void {
    this.starts = enlarge(this.starts, nodes * FANOUT, this.above);
    this.ends = enlarge(this.ends, nodes * FANOUT, 0);
    this.tags = enlarge(this.tags, nodes * FANOUT, 0);
    const counts = new Uint8Array(nodes);
    counts.set(this.counts);
    this.counts = counts;
    this.gaps = enlarge(this.gaps, nodes, -1);
    this.highs = enlarge(this.highs, nodes, 0);
    this.prev = enlarge(this.prev, nodes, NO_NODE);
    this.next = enlarge(this.next, nodes, NO_NODE);
  }

  /** Frees a node of {@link newNode}. */
  protected freeNode(node: Node): void {
    this.starts[node * FANOUT] = this.above;
    this.counts[node] = 0;
    this.freeNodes.push(node);
  }

  /** Moves all slots after the first `keep` of a full node to a new one, which it returns. */
  protected splitNode(node: Node, keep: number): Node {
    const upper = this.newNode();
    const from = node * FANOUT + keep;
    const end = (node + 1) * FANOUT;
    this.starts.copyWithin(upper * FANOUT, from, end);
    this.ends.copyWithin(upper * FANOUT, from, end);
    this.tags.copyWithin(upper * FANOUT, from, end);
    this.starts.fill(this.above, from, end);
    this.counts[node] = keep;
    this.counts[upper] = FANOUT - keep;
    this.gaps[node] = -1;
    this.gaps[upper] = -1;
    return upper;
  }

  /** Links a leaf after another one. */
  protected linkLeaf(leaf: Node, upper: Node): void {
    const next = this.next[leaf]!;
    this.prev[upper] = leaf;
    this.next[upper] = next;
    if (next !== NO_NODE) this.prev[next] = upper;
    this.next[leaf] = upper;
  }

  /** Removes a leaf from the row of leaves. */
  protected unlinkLeaf(leaf: Node): void {
    const prev = this.prev[leaf]!;
    const next = this.next[leaf]!;
    if (prev !== NO_NODE) this.next[prev] = next;
    if (next !== NO_NODE) this.prev[next] = prev;
    this.prev[leaf] = this.next[leaf] = NO_NODE;
  }

  /**
   * Lowers `top` past the items below a node that has some, or up to the highest gap that is large
   * enough.
   *
   * @param level levels of branches below the node.
   * @returns true if there is such a gap.
   */
  protected searchGap(node: Node, level: number, search: GapSearch): boolean {
    const { starts, ends } = this;
    const first = node * FANOUT;
    const start = starts[first]!;
    if (start >= search.high) return false;
    const gap = this.gapOf(node, level);
    const end = this.highs[node]!;
    if (end <= search.top) {
      if (search.top - end >= search.length) return true;
      if (gap < search.length) {
        search.top = start;
        return false;
      }
    }
    for (let slot = this.slotsEnd(node) - 1; slot >= first; slot -= 1) {
      if (level > 0) {
        if (this.searchGap(ends[slot]!, level - 1, search)) return true;
      } else if (starts[slot]! < search.high) {
        if (search.top - ends[slot]! >= search.length) return true;
        search.top = Math.min(search.top, starts[slot]!);
      }
    }
    return false;
  }

  /** Largest free range between two items below a node that has some; `highs` is known then. */
  private gapOf(node: Node, level: number): number {
    const known = this.gaps[node]!;
    if (known >= 0) return known;
    const { starts, ends } = this;
    const first = node * FANOUT;
    let gap = 0;
    let end = starts[first]!;
    for (let slot = first; slot < this.slotsEnd(node); slot += 1) {
      gap = Math.max(gap, starts[slot]! - end);
      end = ends[slot]!;
      if (level > 0) {
        const child = end;
        gap = Math.max(gap, this.gapOf(child, level - 1));
        end = this.highs[child]!;
      }
    }
    this.gaps[node] = gap;
    this.highs[node] = end;
    return gap;
  }
}

/** Returns the node of a slot. */
export function nodeOf(slot: number): Node {
  return slot >>> FANOUT_SHIFT;
}

/** A longer array with the same beginning. */
function enlarge<T extends Bounds>(old: T, length: number, filler: number): T {
  const fresh = (
    old instanceof Int32Array ? new Int32Array(length) : new Float64Array(length)
  ).fill(filler, old.length) as T;
  fresh.set(old);
  return fresh;
}
