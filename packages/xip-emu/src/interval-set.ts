import { invariant } from './errno.js';

/** A half-open range. */
export interface Interval {
  readonly start: number;
  readonly end: number;
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

interface Leaf<T> extends Summary {
  readonly items: T[];
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
  private root: TreeNode<T> = newLeaf<T>([]);
  private first: Leaf<T> = this.root as Leaf<T>;
  /** Branches from the root to the last leaf that was looked for, and the child taken in each. */
  private readonly path: Branch<T>[] = [];
  private readonly slots: number[] = [];
  private depth = 0;

  /** The item that holds `at`, or else the first one above. */
  find(at: number): T | undefined {
    const leaf = this.descend(at);
    const { items } = leaf;
    const slot = lastStartingAt(items, at);
    const below = slot >= 0 ? items[slot] : leaf.prev?.items.at(-1);
    if (below !== undefined && below.end > at) return below;
    return items[slot + 1] ?? leaf.next?.items[0];
  }

  /** The last item that starts below `at`. */
  findBefore(at: number): T | undefined {
    const leaf = this.descend(at);
    let slot = lastStartingAt(leaf.items, at);
    if (slot >= 0 && leaf.items[slot]!.start === at) slot -= 1;
    return slot >= 0 ? leaf.items[slot] : leaf.prev?.items.at(-1);
  }

  insert(item: T): void {
    const leaf = this.descend(item.start);
    const slot = lastStartingAt(leaf.items, item.start) + 1;
    if (slot === leaf.items.length) leaf.items.push(item);
    else leaf.items.splice(slot, 0, item);
    this.size += 1;
    this.changed(leaf);
    if (leaf.items.length > FANOUT) this.splitLeaf(leaf);
  }

  remove(item: T): void {
    const leaf = this.descend(item.start);
    const slot = lastStartingAt(leaf.items, item.start);
    invariant(leaf.items[slot] === item, 'an interval that is not in the set');
    leaf.items.splice(slot, 1);
    this.size -= 1;
    if (leaf.items.length === 0 && this.depth > 0) this.dropLeaf(leaf);
    else this.changed(leaf);
  }

  /** Lets `apply` set other bounds for `item`, which leave the order as it is. */
  resize(item: T, apply: () => void): void {
    const leaf = this.descend(item.start);
    apply();
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
    let node = this.root;
    let depth = 0;
    while ('children' in node) {
      const slot = Math.max(lastAtMost(node.keys, at), 0);
      this.path[depth] = node;
      this.slots[depth] = slot;
      depth += 1;
      node = node.children[slot]!;
    }
    this.depth = depth;
    return node;
  }

  /** Forgets what was known of the nodes on the path, and puts their keys right. */
  private changed(leaf: Leaf<T>): void {
    leaf.gap = -1;
    let key = leaf.items[0]?.start ?? 0;
    for (let level = this.depth - 1; level >= 0; level -= 1) {
      const branch = this.path[level]!;
      branch.gap = -1;
      branch.keys[this.slots[level]!] = key;
      key = branch.keys[0]!;
    }
  }

  private splitLeaf(leaf: Leaf<T>): void {
    const upper = newLeaf(leaf.items.splice(FANOUT >>> 1));
    upper.prev = leaf;
    upper.next = leaf.next;
    if (leaf.next !== undefined) leaf.next.prev = upper;
    leaf.next = upper;
    this.addSibling(this.depth - 1, upper.items[0]!.start, upper);
  }

  /** Puts a node behind the one that the path leads to below `level`. */
  private addSibling(level: number, key: number, node: TreeNode<T>): void {
    if (level < 0) {
      const low = this.root;
      const keys = ['children' in low ? low.keys[0]! : low.items[0]!.start, key];
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
    let key = this.path[level]!.keys[0]!;
    this.path[level]!.gap = -1;
    for (level -= 1; level >= 0; level -= 1) {
      const branch = this.path[level]!;
      branch.gap = -1;
      branch.keys[this.slots[level]!] = key;
      key = branch.keys[0]!;
    }
    while ('children' in this.root && this.root.children.length === 1) {
      this.root = this.root.children[0]!;
    }
  }
}

function newLeaf<T>(items: T[]): Leaf<T> {
  return { items, prev: undefined, next: undefined, gap: -1, low: 0, high: 0 };
}

/** Index of the last item that starts at `at` or below; -1 if there is none. */
function lastStartingAt(items: readonly Interval[], at: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (items[middle]!.start <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

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
