import { invariant } from '../errno.js';
import { FANOUT, INT32_LIMIT, IntervalNodes, NO_NODE, nodeOf, type Node } from './nodes.js';

/**
 * A half-open range of integers, 0 <= start < end <= the limit of its set. Its owner changes its
 * bounds only through {@link IntervalSet.resize}.
 */
export interface Interval {
  start: number;
  end: number;
}

/**
 * Ordered ranges that do not overlap, in a B+ tree that knows its gaps: each operation costs
 * O(log n). Takes the place of the maple tree of Linux; merging and splitting are the caller's policy.
 *
 * Each item has a tag beside its bounds: a number, 0 or above, whose meaning the owner of the set
 * defines. Some questions need only the tag, not the item.
 */
export class IntervalSet<T extends Interval> extends IntervalNodes {
  size = 0;
  private root: Node = 0;
  /** Levels of branches above the leaves. */
  private height = 0;
  /** The items of a leaf, in its slots. */
  private readonly items: (T | undefined)[] = new Array<T | undefined>(FANOUT).fill(undefined);
  private first: Node = 0;

  /** The last leaf that was looked for: the one for everything from `low` up to `high`. */
  private last: Node = 0;
  private low: number;
  private high = -1;
  /** Slots of the branches above that leaf, by level, that lead to it. */
  private readonly path: number[] = [];

  /** @param limit no range ends above it, nor above 2^53 - 2; default 2^31 - 2. */
  constructor(limit: number = INT32_LIMIT) {
    super(limit);
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
    const { starts, tags } = this;
    return slot >= 0 && starts[slot]! <= at ? tags[slot]! : -1;
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
    const { starts, ends, tags } = this;
    let at = start;
    let covered = true;
    for (let slot = this.slotFor(start); slot >= 0 && at < end; slot = this.slotFor(at)) {
      const first = starts[slot]!;
      if (first >= end) break;
      covered &&= first <= at;
      const last = Math.min(end, ends[slot]!);
      visit(Math.max(at, first), last, tags[slot]!);
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
    const { items } = this;
    const { start, end } = item;
    let leaf = this.descend(start);
    let slot = this.lastAtMost(leaf, start) + 1;
    if (this.counts[leaf] === FANOUT) {
      this.splitLeaf(leaf, slot);
      leaf = this.descend(start);
      slot = this.lastAtMost(leaf, start) + 1;
    }
    for (let at = this.slotsEnd(leaf); at > slot; at -= 1) items[at] = items[at - 1];
    items[slot] = item;
    this.openSlot(leaf, slot, start, end, tag);
    this.size += 1;
    this.changed(leaf);
  }

  remove(item: T): void {
    const { items } = this;
    const slot = this.slotOf(item);
    const leaf = this.last;
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
    const { items } = this;
    for (let leaf = this.first; leaf !== NO_NODE; leaf = this.next[leaf]!) {
      for (let slot = leaf * FANOUT; slot < this.slotsEnd(leaf); slot += 1) yield items[slot]!;
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
    const { path, starts, ends } = this;
    let low = -1;
    let high = this.above;
    let node = this.root;
    for (let level = this.height - 1; level >= 0; level -= 1) {
      const slot = Math.max(this.lastAtMost(node, at), node * FANOUT);
      if (slot > node * FANOUT) low = starts[slot]!;
      if (slot + 1 < this.slotsEnd(node)) high = starts[slot + 1]!;
      path[level] = slot;
      node = ends[slot]!;
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
    const { gaps, counts, starts } = this;
    gaps[leaf] = -1;
    if (counts[leaf]! > 0) this.updatePath(0, starts[leaf * FANOUT]!);
  }

  /** Forgets the gaps of the path from `level` up; `start` is the new one of the node below. */
  private updatePath(level: number, start: number): void {
    const { starts, gaps } = this;
    let first = start;
    for (let at = level; at < this.height; at += 1) {
      const slot = this.path[at]!;
      const branch = nodeOf(slot);
      gaps[branch] = -1;
      if (starts[slot] !== first) {
        starts[slot] = first;
        this.forgetPath();
      }
      first = starts[branch * FANOUT]!;
    }
  }

  /** Splits the leaf that `path` leads to, before an insert at `slot`. */
  private splitLeaf(leaf: Node, slot: number): void {
    const { items } = this;
    const upper = this.splitNode(leaf, slotsToKeep(slot - leaf * FANOUT));
    while (items.length < this.nodes * FANOUT) items.push(undefined);
    const from = this.slotsEnd(leaf);
    for (let at = 0; at < this.counts[upper]!; at += 1) {
      items[upper * FANOUT + at] = items[from + at];
      items[from + at] = undefined;
    }
    this.linkLeaf(leaf, upper);
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
      const upper = this.splitNode(branch, slotsToKeep(slot - branch * FANOUT));
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
    if (leaf === this.first) this.first = this.next[leaf]!;
    this.unlinkLeaf(leaf);
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
