import { hierarchy, treemap, treemapSquarify } from 'd3-hierarchy';
import type { TreeTable } from '../../model/tree-table.js';

/** A rectangle of the treemap, in pixels. */
export interface Cell {
  readonly number: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** True if its content is drawn over it, below a line with its name. */
  readonly isOpen: boolean;
}

/** Smaller directories are drawn as one. */
const SMALLEST_AREA = 60;
const HEADING = 17;
/** The size at which a directory has room for a heading. */
const HEADING_WIDTH = 46;
const HEADING_HEIGHT = 34;

interface Node {
  readonly number: number;
  readonly value: number;
  readonly children: readonly Node[];
}

/** Lays out everything below an entry: each rectangle before those inside it. */
export function treemapCells(
  table: TreeTable,
  children: ReadonlyMap<number, readonly number[]>,
  top: number,
  width: number,
  height: number,
): Cell[] {
  const total = table.stored[top]!;
  if (total === 0 || width < 1 || height < 1) return [];
  const smallest = (SMALLEST_AREA * total) / (width * height);
  const node = (number: number): Node => {
    const value = ownBytes(table, number);
    const below = value < smallest ? [] : (children.get(number) ?? []);
    return { number, value, children: below.map(node).filter((child) => child.value > 0) };
  };
  const root = hierarchy<Node>(node(top), (each) => [...each.children])
    // A directory has the size of its contents; its own entries are too small to be seen.
    .sum((each) => (each.children.length === 0 ? each.value : 0))
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0) || a.data.number - b.data.number);
  const laidOut = treemap<Node>()
    .size([width, height])
    .tile(treemapSquarify)
    .round(true)
    .paddingInner(1)
    .paddingOuter((each) => (hasHeading(each) ? 2 : 0))
    .paddingTop((each) => (hasHeading(each) && each.depth > 0 ? HEADING : 0))(root);
  return laidOut.descendants().map((each) => ({
    number: each.data.number,
    x: each.x0,
    y: each.y0,
    width: each.x1 - each.x0,
    height: each.y1 - each.y0,
    isOpen: each.children !== undefined,
  }));
}

/** Data that several names share is drawn at the first one. */
function ownBytes(table: TreeTable, number: number): number {
  return table.shared[number] === true ? 0 : table.stored[number]!;
}

function hasHeading(each: {
  readonly children?: unknown;
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
}): boolean {
  return (
    each.children !== undefined &&
    each.x1 - each.x0 > HEADING_WIDTH &&
    each.y1 - each.y0 > HEADING_HEIGHT
  );
}

/** The smallest cell at a place. */
export function cellAt(cells: readonly Cell[], x: number, y: number): Cell | undefined {
  return cells.findLast(
    (cell) => x >= cell.x && x < cell.x + cell.width && y >= cell.y && y < cell.y + cell.height,
  );
}
