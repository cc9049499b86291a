import { invariant } from './errno.js';

/** A half-open range. Whoever owns it changes its bounds through {@link IntervalSet.resize} alone. */
export interface Interval {
  start: number;
  end: number;
}

/** Items of a leaf, children of a branch. */
const FANOUT = 64;

/** What a gap search knows of a node: computed when asked for, forgotten with each change. */
interface Summary {
  /** Largest free range between two items of the node; -1: not known, nor are the others. */
  gap: number;
  low: number;
  high: number;
}

/** `starts` repeats those of the items: a search looks at few cache lines, not at many items. */
interface Leaf<T> extends Summary {
  readonly items: T[];
  readonly starts: number[];
  prev: Leaf<T> | undefined;
  next: Leaf<T> | undefined;
}

interface Branch<T> extends Summary {
  /** Start of the first item of each child. */
  readonly keys: number[];
  readonly children: TreeNode<T>[];
}

type TreeNode<T> = Leaf<T> | Branch<T>;

/**
 * Ordered ranges that do not overlap, in a B+ tree that knows its gaps: each operation costs
 * O(log n). Stands for the maple tree of Linux; merging and splitting are the caller's policy.
 */
export class IntervalSet<T extends Interval> {
  size = 0;
  private root: TreeNode<T> = newLeaf<T>([], []);
  private first: Leaf<T> = this.root as Leaf<T>;
  /** The last leaf that was looked for: the one for everything from `low` up to `high`. */
  private last: Leaf<T> = this.first;
  private low = Infinity;
  private high = -Infinity;
  /** Branches from the root to that leaf, and the child taken in each. */
  private readonly path: Branch<T>[] = [];
  private readonly slots: number[] = [];
  private depth = 0;

  /** The item that holds `at`, or else the first one above. */
  find(at: number): T | undefined {
    const leaf = this.descend(at);
    const slot = lastAtMost(leaf.starts, at);
    const below = slot >= 0 ? leaf.items[slot] : leaf.prev?.items.at(-1);
    if (below !== undefined && below.end > at) return below;
    return slot + 1 < leaf.items.length ? leaf.items[slot + 1] : leaf.next?.items[0];
  }

  /** The last item that starts below `at`. */
  findBefore(at: number): T | undefined {
    const leaf = this.descend(at);
    let slot = lastAtMost(leaf.starts, at);
    if (slot >= 0 && leaf.starts[slot] === at) slot -= 1;
    return slot >= 0 ? leaf.items[slot] : leaf.prev?.items.at(-1);
  }

  insert(item: T): void {
    const leaf = this.descend(item.start);
    const slot = lastAtMost(leaf.starts, item.start) + 1;
    insertAt(leaf.items, slot, item);
    insertAt(leaf.starts, slot, item.start);
    this.size += 1;
    this.changed(leaf);
    if (leaf.items.length > FANOUT) this.splitLeaf(leaf);
  }

  remove(item: T): void {
    const leaf = this.descend(item.start);
    const slot = lastAtMost(leaf.starts, item.start);
    invariant(leaf.items[slot] === item, 'an interval that is not in the set');
    removeAt(leaf.items, slot);
    removeAt(leaf.starts, slot);
    this.size -= 1;
    if (leaf.items.length === 0 && this.depth > 0) this.dropLeaf(leaf);
    else this.changed(leaf);
  }

  /** Gives an item other bounds, which leave the order as it is. */
  resize(item: T, start: number, end: number): void {
    const leaf = this.descend(item.start);
    const slot = lastAtMost(leaf.starts, item.start);
    invariant(leaf.items[slot] === item, 'an interval that is not in the set');
    item.start = start;
    item.end = end;
    leaf.starts[slot] = start;
    this.changed(leaf);
  }

  /**
   * The highest `start` of a free range of `length` with `low <= start` and `start + length <=
   * high`, or undefined.
   */
  highestGap(low: number, high: number, length: number): number | undefined {
    const search = { high, length, top: high };
    searchGap(this.root, search);
    const found = search.top - length;
    return found >= low ? found : undefined;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let leaf: Leaf<T> | undefined = this.first; leaf !== undefined; leaf = leaf.next) {
      yield* leaf.items;
    }
  }

  /** The leaf that has, or would get, an item that starts at `at`; `path` leads to it. */
  private descend(at: number): Leaf<T> {
    if (at >= this.low && at < this.high) return this.last;
    this.low = -Infinity;
    this.high = Infinity;
    let node = this.root;
    let depth = 0;
    while ('children' in node) {
      const { keys } = node;
      const slot = Math.max(lastAtMost(keys, at), 0);
      if (slot > 0) this.low = keys[slot]!;
      if (slot + 1 < keys.length) this.high = keys[slot + 1]!;
      this.path[depth] = node;
      this.slots[depth] = slot;
      depth += 1;
      node = node.children[slot]!;
    }
    this.depth = depth;
    this.last = node;
    return node;
  }

  /** The next search starts at the root. */
  private forgetPath(): void {
    this.low = Infinity;
    this.high = -Infinity;
  }

  /** Forgets what was known of the nodes on the path, and puts their keys right. */
  private changed(leaf: Leaf<T>): void {
    leaf.gap = -1;
    if (leaf.items.length > 0) this.updatePath(this.depth - 1, leaf.starts[0]!);
  }

  /** Forgets the gaps of the path from `level` up; `key` is the new one of the node below. */
  private updatePath(level: number, key: number): void {
    let first = key;
    for (let at = level; at >= 0; at -= 1) {
      const branch = this.path[at]!;
      const slot = this.slots[at]!;
      branch.gap = -1;
      if (branch.keys[slot] !== first) {
        branch.keys[slot] = first;
        this.forgetPath();
      }
      first = branch.keys[0]!;
    }
  }

  private splitLeaf(leaf: Leaf<T>): void {
    const half = FANOUT >>> 1;
    const upper = newLeaf(leaf.items.splice(half), leaf.starts.splice(half));
    upper.prev = leaf;
    upper.next = leaf.next;
    if (leaf.next !== undefined) leaf.next.prev = upper;
    leaf.next = upper;
    this.addSibling(this.depth - 1, upper.starts[0]!, upper);
    this.forgetPath();
  }

  /** Puts a node behind the one that the path leads to below `level`. */
  private addSibling(level: number, key: number, node: TreeNode<T>): void {
    if (level < 0) {
      const low = this.root;
      const keys = ['children' in low ? low.keys[0]! : low.starts[0]!, key];
      this.root = { keys, children: [low, node], gap: -1, low: 0, high: 0 };
      return;
    }
    const branch = this.path[level]!;
    const slot = this.slots[level]! + 1;
    branch.keys.splice(slot, 0, key);
    branch.children.splice(slot, 0, node);
    if (branch.children.length <= FANOUT) return;
    const half = FANOUT >>> 1;
    const keys = branch.keys.splice(half);
    const children = branch.children.splice(half);
    this.addSibling(level - 1, keys[0]!, { keys, children, gap: -1, low: 0, high: 0 });
  }

  private dropLeaf(leaf: Leaf<T>): void {
    if (leaf.prev === undefined) this.first = leaf.next!;
    else leaf.prev.next = leaf.next;
    if (leaf.next !== undefined) leaf.next.prev = leaf.prev;
    let level = this.depth - 1;
    for (; level >= 0; level -= 1) {
      const branch = this.path[level]!;
      branch.keys.splice(this.slots[level]!, 1);
      branch.children.splice(this.slots[level]!, 1);
      if (branch.children.length > 0) break;
    }
    this.path[level]!.gap = -1;
    this.updatePath(level - 1, this.path[level]!.keys[0]!);
    this.forgetPath();
    while ('children' in this.root && this.root.children.length === 1) {
      this.root = this.root.children[0]!;
    }
  }
}

function newLeaf<T>(items: T[], starts: number[]): Leaf<T> {
  return { items, starts, prev: undefined, next: undefined, gap: -1, low: 0, high: 0 };
}

/** As splice() does, without the array that it would return. */
function insertAt<T>(array: T[], slot: number, value: T): void {
  array.push(value);
  for (let at = array.length - 1; at > slot; at -= 1) array[at] = array[at - 1]!;
  array[slot] = value;
}

function removeAt(array: unknown[], slot: number): void {
  for (let at = slot + 1; at < array.length; at += 1) array[at - 1] = array[at];
  array.pop();
}

/** Index of the last key at `at` or below; -1 if there is none. */
function lastAtMost(keys: readonly number[], at: number): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A gap search from above: everything from `top` up to `high` is known to be of no use. */
interface GapSearch {
  readonly high: number;
  readonly length: number;
  top: number;
}

/** Lowers `top` past the items of the node, or up to a gap that is large enough: true. */
function searchGap(node: TreeNode<Interval>, search: GapSearch): boolean {
  summarize(node);
  if (node.low >= search.high || node.gap < 0) return false;
  if (node.high <= search.top) {
    if (search.top - node.high >= search.length) return true;
    if (node.gap < search.length) {
      search.top = node.low;
      return false;
    }
  }
  if ('children' in node) {
    for (let slot = node.children.length - 1; slot >= 0; slot -= 1) {
      if (searchGap(node.children[slot]!, search)) return true;
    }
    return false;
  }
  for (let slot = node.items.length - 1; slot >= 0; slot -= 1) {
    const { start, end } = node.items[slot]!;
    if (start >= search.high) continue;
    if (end <= search.top && search.top - end >= search.length) return true;
    search.top = Math.min(search.top, start);
  }
  return false;
}

/** Brings the summary of a node up to date; that of an empty one stays unknown. */
function summarize(node: TreeNode<Interval>): void {
  if (node.gap >= 0) return;
  const isBranch = 'children' in node;
  const count = isBranch ? node.children.length : node.items.length;
  if (count === 0) return;
  let gap = 0;
  let end = Infinity;
  for (let slot = 0; slot < count; slot += 1) {
    let start: number;
    let next: number;
    if (isBranch) {
      const child = node.children[slot]!;
      summarize(child);
      start = child.low;
      next = child.high;
      gap = Math.max(gap, child.gap);
    } else {
      ({ start, end: next } = node.items[slot]!);
    }
    if (slot === 0) node.low = start;
    else gap = Math.max(gap, start - end);
    end = next;
  }
  node.high = end;
  node.gap = gap;
}
