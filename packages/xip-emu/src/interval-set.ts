import { invariant } from './errno.js';

/**
 * A half-open range of integers, 0 <= start < end <= the limit of its set. Its owner changes its
 * bounds only through {@link IntervalSet.resize}.
 */
export interface Interval {
  start: number;
  end: number;
}

const FANOUT_SHIFT = 6;
/** Items of a leaf, children of a branch. */
const FANOUT = 1 << FANOUT_SHIFT;
/** Above all bounds in an array of 32-bit integers. */
const ABOVE_INT32 = 2 ** 31 - 1;
/** The same where bounds are larger. */
const ABOVE_FLOAT64 = 2 ** 53 - 1;

type Bounds = Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** Number of a node: its slots are at node * FANOUT, its items or children in the first of them. */
type Node = number;
const NO_NODE: Node = -1;

/**
 * Ordered ranges that do not overlap, in a B+ tree that knows its gaps: each operation costs
 * O(log n). Takes the place of the maple tree of Linux; merging and splitting are the caller's policy.
 *
 * All nodes lie in a few arrays, bounds included: a search reads no item but the one that it finds.
 * With 100,000 items each object on the way would be one more cache miss. Each item has a tag
 * beside its bounds: a number, 0 or above, whose meaning the owner of the set defines. Some
 * questions need only the tag, not the item.
 */
export class IntervalSet<T extends Interval> {
  size = 0;
  private root: Node = 0;
  /** Levels of branches above the leaves. */
  private height = 0;
  /** Bounds of a leaf's items; of a branch's children the first start below, and the child. */
  private starts: Bounds;
  private ends: Bounds;
  private tags = new Int32Array(FANOUT);
  private readonly items: (T | undefined)[] = new Array<T | undefined>(FANOUT).fill(undefined);
  /** Slots in use. */
  private counts = new Uint8Array(1);
  /**
   * Largest free range between two items below a node; -1: unknown, as are those of the nodes
   * above.
   */
  private gaps: Bounds;
  /** Where the last item below a node ends, if `gaps` is known. */
  private highs: Bounds;
  /** The leaves on both sides of a leaf. */
  private prev = new Int32Array(1).fill(NO_NODE);
  private next = new Int32Array(1).fill(NO_NODE);
  private nodes = 1;
  private readonly freeNodes: Node[] = [];
  private first: Node = 0;

  /** The last leaf that was looked for: the one for everything from `low` up to `high`. */
  private last: Node = 0;
  private low: number;
  private high = -1;
  /** Slots of the branches above that leaf, by level, that lead to it. */
  private readonly path: number[] = [];
  /** Not below any end: the start in unused slots. */
  private readonly above: number;

  /** @param limit no range ends above it, nor above 2^53 - 2; default 2^31 - 2. */
  constructor(limit: number = ABOVE_INT32 - 1) {
    const array = limit < ABOVE_INT32 ? Int32Array : Float64Array;
    this.above = limit < ABOVE_INT32 ? ABOVE_INT32 : ABOVE_FLOAT64;
    this.starts = new array(FANOUT).fill(this.above);
    this.ends = new array(FANOUT);
    this.gaps = new array(1).fill(-1);
    this.highs = new array(1);
    this.low = this.above;
  }

  /** The item that holds `at`, or else the first one above. */
  find(at: number): T | undefined {
    const slot = this.slotFor(at);
    return slot < 0 ? undefined : this.items[slot];
  }

  /** The tag of the item that holds `at`, or -1. */
  tagAt(at: number): number {
    const slot = this.slotFor(at);
    return slot >= 0 && this.starts[slot]! <= at ? this.tags[slot]! : -1;
  }

  /**
   * Tells `visit`, in order, every part of an item that lies in a range, and the item's tag; the set
   * must not change meanwhile.
   *
   * @returns whether the parts are all of the range.
   */
  visit(
    start: number,
    end: number,
    visit: (start: number, end: number, tag: number) => void,
  ): boolean {
    let at = start;
    let covered = true;
    for (let slot = this.slotFor(start); slot >= 0 && at < end; slot = this.slotFor(at)) {
      const first = this.starts[slot]!;
      if (first >= end) break;
      covered &&= first <= at;
      const last = Math.min(end, this.ends[slot]!);
      visit(Math.max(at, first), last, this.tags[slot]!);
      at = last;
    }
    return covered && at >= end;
  }

  /** The last item that starts below `at`. */
  findBefore(at: number): T | undefined {
    const below = Math.min(at, this.above) - 1;
    const leaf = this.descend(below);
    const slot = this.lastAtMost(leaf, below);
    return slot >= leaf * FANOUT ? this.items[slot] : undefined;
  }

  insert(item: T, tag: number): void {
    const { start, end } = item;
    let leaf = this.descend(start);
    let slot = this.lastAtMost(leaf, start) + 1;
    if (this.counts[leaf] === FANOUT) {
      this.splitLeaf(leaf, slot);
      leaf = this.descend(start);
      slot = this.lastAtMost(leaf, start) + 1;
    }
    const { items } = this;
    for (let at = this.slotsEnd(leaf); at > slot; at -= 1) items[at] = items[at - 1];
    items[slot] = item;
    this.openSlot(leaf, slot, start, end, tag);
    this.size += 1;
    this.changed(leaf);
  }

  remove(item: T): void {
    const slot = this.slotOf(item);
    const leaf = this.last;
    const { items } = this;
    this.closeSlot(leaf, slot);
    const end = this.slotsEnd(leaf);
    for (let at = slot; at < end; at += 1) items[at] = items[at + 1];
    items[end] = undefined;
    this.size -= 1;
    if (this.counts[leaf] === 0 && this.height > 0) this.dropLeaf(leaf);
    else this.changed(leaf);
  }

  /** Gives an item another tag. */
  retag(item: T, tag: number): void {
    this.tags[this.slotOf(item)] = tag;
  }

  /** Gives an item other bounds, which leave the order as it is. */
  resize(item: T, start: number, end: number): void {
    const slot = this.slotOf(item);
    item.start = start;
    item.end = end;
    this.starts[slot] = start;
    this.ends[slot] = end;
    this.changed(this.last);
  }

  /**
   * The highest `start` of a free range of `length` with `low <= start` and `start + length <=
   * high`, or undefined.
   */
  highestGap(low: number, high: number, length: number): number | undefined {
    const search = { high, length, top: high };
    if (this.size > 0) this.searchGap(this.root, this.height, search);
    const found = search.top - length;
    return found >= low ? found : undefined;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let leaf = this.first; leaf !== NO_NODE; leaf = this.next[leaf]!) {
      for (let slot = leaf * FANOUT; slot < this.slotsEnd(leaf); slot += 1) yield this.items[slot]!;
    }
  }

  /** The slot of the item that holds `at`, or else of the first one above; -1: none. */
  private slotFor(at: number): number {
    if (at >= this.above) return -1;
    const leaf = this.descend(at);
    let slot = this.lastAtMost(leaf, at);
    if (slot >= leaf * FANOUT && this.ends[slot]! > at) return slot;
    slot += 1;
    if (slot < this.slotsEnd(leaf)) return slot;
    const next = this.next[leaf]!;
    return next === NO_NODE ? -1 : next * FANOUT;
  }

  /** The slot after the last one in use. */
  private slotsEnd(node: Node): number {
    return node * FANOUT + this.counts[node]!;
  }

  /**
   * The slot of the node with the last start at `at` or below; the one before its slots: none.
   * For integer bounds it has no branches that depend on the comparisons: they could not be
   * predicted.
   */
  private lastAtMost(node: Node, at: number): number {
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

  /** The slot of an item, and `last` its leaf. */
  private slotOf(item: T): number {
    const leaf = this.descend(item.start);
    const slot = this.lastAtMost(leaf, item.start);
    invariant(
      slot >= leaf * FANOUT && this.items[slot] === item,
      'an interval that is not in the set',
    );
    return slot;
  }

  /** The leaf that has, or would get, an item that starts at `at`; `path` leads to it. */
  private descend(at: number): Node {
    if (at >= this.low && at < this.high) return this.last;
    let low = -1;
    let high = this.above;
    let node = this.root;
    for (let level = this.height - 1; level >= 0; level -= 1) {
      const slot = Math.max(this.lastAtMost(node, at), node * FANOUT);
      if (slot > node * FANOUT) low = this.starts[slot]!;
      if (slot + 1 < this.slotsEnd(node)) high = this.starts[slot + 1]!;
      this.path[level] = slot;
      node = this.ends[slot]!;
    }
    this.low = low;
    this.high = high;
    this.last = node;
    return node;
  }

  /** The next search starts at the root. */
  private forgetPath(): void {
    this.low = this.above;
    this.high = -1;
  }

  /** Forgets what was known of the nodes on the path, and puts their starts right. */
  private changed(leaf: Node): void {
    this.gaps[leaf] = -1;
    if (this.counts[leaf]! > 0) this.updatePath(0, this.starts[leaf * FANOUT]!);
  }

  /** Forgets the gaps of the path from `level` up; `start` is the new one of the node below. */
  private updatePath(level: number, start: number): void {
    let first = start;
    for (let at = level; at < this.height; at += 1) {
      const slot = this.path[at]!;
      const branch = nodeOf(slot);
      this.gaps[branch] = -1;
      if (this.starts[slot] !== first) {
        this.starts[slot] = first;
        this.forgetPath();
      }
      first = this.starts[branch * FANOUT]!;
    }
  }

  /** Makes room for bounds in a node that is not full. */
  private openSlot(node: Node, slot: number, start: number, end: number, tag: number): void {
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

  private closeSlot(node: Node, slot: number): void {
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

  /** A node without slots in use, and without neighbours. */
  private newNode(): Node {
    const free = this.freeNodes.pop();
    if (free !== undefined) return free;
    const node = this.nodes;
    this.nodes += 1;
    if (node === this.counts.length) {
      this.starts = enlarge(this.starts, 2 * node * FANOUT, this.above);
      this.ends = enlarge(this.ends, 2 * node * FANOUT, 0);
      this.tags = enlarge(this.tags, 2 * node * FANOUT, 0);
      const counts = new Uint8Array(2 * node);
      counts.set(this.counts);
      this.counts = counts;
      this.gaps = enlarge(this.gaps, 2 * node, -1);
      this.highs = enlarge(this.highs, 2 * node, 0);
      this.prev = enlarge(this.prev, 2 * node, -1);
      this.next = enlarge(this.next, 2 * node, -1);
    }
    for (let slot = 0; slot < FANOUT; slot += 1) this.items.push(undefined);
    return node;
  }

  private freeNode(node: Node): void {
    this.starts[node * FANOUT] = this.above;
    this.counts[node] = 0;
    this.freeNodes.push(node);
  }

  /** Moves what follows the first `keep` slots of a full node to a new one. */
  private split(node: Node, keep: number): Node {
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

  /** Splits the leaf that `path` leads to, before an insert at `slot`. */
  private splitLeaf(leaf: Node, slot: number): void {
    const upper = this.split(leaf, slotsToKeep(slot - leaf * FANOUT));
    const { items } = this;
    const from = this.slotsEnd(leaf);
    for (let at = 0; at < this.counts[upper]!; at += 1) {
      items[upper * FANOUT + at] = items[from + at];
      items[from + at] = undefined;
    }
    const next = this.next[leaf]!;
    this.prev[upper] = leaf;
    this.next[upper] = next;
    if (next !== NO_NODE) this.prev[next] = upper;
    this.next[leaf] = upper;
    this.addSibling(0, upper);
    this.forgetPath();
  }

  /** Puts a node after the one that the path leads to from a branch of `level`. */
  private addSibling(level: number, node: Node): void {
    const start = this.starts[node * FANOUT]!;
    if (level === this.height) {
      const low = this.root;
      const root = this.newNode();
      this.gaps[root] = -1;
      this.openSlot(root, root * FANOUT, this.starts[low * FANOUT]!, low, 0);
      this.openSlot(root, root * FANOUT + 1, start, node, 0);
      this.root = root;
      this.height += 1;
      return;
    }
    let slot = this.path[level]! + 1;
    let branch = nodeOf(slot - 1);
    if (this.counts[branch] === FANOUT) {
      const upper = this.split(branch, slotsToKeep(slot - branch * FANOUT));
      this.addSibling(level + 1, upper);
      const beyond = slot - this.slotsEnd(branch);
      if (beyond > 0) {
        branch = upper;
        slot = upper * FANOUT + beyond;
      }
    }
    this.openSlot(branch, slot, start, node, 0);
  }

  /** Takes an empty leaf, to which `path` leads, out of the tree. */
  private dropLeaf(leaf: Node): void {
    const prev = this.prev[leaf]!;
    const next = this.next[leaf]!;
    if (prev === NO_NODE) this.first = next;
    else this.next[prev] = next;
    if (next !== NO_NODE) this.prev[next] = prev;
    this.prev[leaf] = this.next[leaf] = NO_NODE;
    this.freeNode(leaf);
    let level = 0;
    let branch = this.closePathSlot(level);
    while (this.counts[branch] === 0) {
      this.freeNode(branch);
      level += 1;
      branch = this.closePathSlot(level);
    }
    this.gaps[branch] = -1;
    this.updatePath(level + 1, this.starts[branch * FANOUT]!);
    this.forgetPath();
    while (this.height > 0 && this.counts[this.root] === 1) {
      const only = this.ends[this.root * FANOUT]!;
      this.freeNode(this.root);
      this.root = only;
      this.height -= 1;
    }
  }

  /** Takes the slot of the path at `level` away. @returns the branch, which may be empty now. */
  private closePathSlot(level: number): Node {
    const slot = this.path[level]!;
    const branch = nodeOf(slot);
    this.closeSlot(branch, slot);
    return branch;
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

  /** Lowers `top` past the items below a node, or up to a gap that is large enough: true. */
  private searchGap(node: Node, level: number, search: GapSearch): boolean {
    const first = node * FANOUT;
    const start = this.starts[first]!;
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
        if (this.searchGap(this.ends[slot]!, level - 1, search)) return true;
      } else if (this.starts[slot]! < search.high) {
        if (search.top - this.ends[slot]! >= search.length) return true;
        search.top = Math.min(search.top, this.starts[slot]!);
      }
    }
    return false;
  }
}

/** A gap search from above: nothing from `top` up to `high` will do. */
interface GapSearch {
  readonly high: number;
  readonly length: number;
  top: number;
}

/** The node that has a slot. */
function nodeOf(slot: number): Node {
  return slot >>> FANOUT_SHIFT;
}

/**
 * How many of its first slots a full node keeps when it is split to insert one at `slot`: half of
 * them, or nearly all or few if `slot` is near an end. Rows of inserts side by side would leave
 * nodes half full otherwise.
 */
function slotsToKeep(slot: number): number {
  if (slot <= FANOUT / 8) return FANOUT / 8;
  return slot < FANOUT - FANOUT / 8 ? FANOUT / 2 : FANOUT - FANOUT / 8;
}

/** A longer array with the same beginning. */
function enlarge<T extends Bounds>(old: T, length: number, filler: number): T {
  const fresh = (
    old instanceof Int32Array ? new Int32Array(length) : new Float64Array(length)
  ).fill(filler, old.length) as T;
  fresh.set(old);
  return fresh;
}
