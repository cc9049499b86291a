import { nameToText, plural } from 'cramfs-format';
import type { AreaReport } from 'xip-emu';
import { hex } from '../../render/json.js';
import type { BoardArea } from './board-maps.js';
import type { ExecExplanation } from './explain.js';

/** A difference between the board and exec. */
export interface BoardDifference {
  /** Byte string. */
  readonly path: string;
  /** Bytes from the first area of the file; the board may choose where that area is. */
  readonly distance: number;
  readonly what: string;
}

/**
 * Compares a program as exec starts it with what a board's kernel showed of it: which files are mapped,
 * each area's place in its file, size, permissions, and whether it comes from ROM. Areas without a file
 * (stack, heap, vdso) and absolute addresses may differ on the board.
 */
export function compareWithBoard(
  { build, cost, objects }: ExecExplanation,
  board: readonly BoardArea[],
): BoardDifference[] {
  const { size: pageSize } = build.geometry;
  const expected = byPath(cost?.areas ?? []);
  const found = byPath(board);
  const ramAtMost = (area: AreaReport): number | undefined => {
    const segment = objects
      .flatMap(({ segments }) => segments)
      .find(({ address, memsz }) => area.start < address + memsz && address < area.end);
    return segment === undefined || segment.writable
      ? undefined
      : (segment.pages - segment.romPages) * pageSize;
  };
  return [...new Set([...expected.keys(), ...found.keys()])].flatMap((path) => {
    const [ours, theirs] = [expected.get(path) ?? [], found.get(path) ?? []];
    if (theirs.length === 0) return [{ path, distance: 0, what: 'not mapped on the board' }];
    if (ours.length === 0) return [{ path, distance: 0, what: 'mapped on the board only' }];
    return compareFile(path, ours, theirs, { pageSize, ramAtMost });
  });
}

/**
 * The areas of a board with paths of the image, and where the board has mounted it: the place that gives the
 * most paths that exec has; empty for the root directory.
 */
export function atMountPoint(
  { cost }: ExecExplanation,
  board: readonly BoardArea[],
): { readonly mountPoint: string; readonly areas: readonly BoardArea[] } {
  const expected = [...byPath(cost?.areas ?? []).keys()];
  const votes = new Map([['', 0]]);
  for (const found of byPath(board).keys()) {
    for (const path of expected.filter((each) => found.endsWith(each))) {
      const before = found.slice(0, found.length - path.length);
      votes.set(before, (votes.get(before) ?? 0) + 1);
    }
  }
  const [[mountPoint]] = [...votes].sort((a, b) => b[1] - a[1] || a[0].length - b[0].length) as [
    [string, number],
  ];
  const areas = board.map((area) =>
    mountPoint !== '' && area.path?.startsWith(`${mountPoint}/`) === true
      ? { ...area, path: area.path.slice(mountPoint.length) }
      : area,
  );
  return { mountPoint, areas };
}

/** `/lib/libc.so +0x1000: 4 pages; on the board 5` */
export function differenceText({ path, distance, what }: BoardDifference): string {
  return `${nameToText(path)} +${hex(distance)}: ${what}`;
}

function byPath<A extends { readonly start: number; readonly path: string | undefined }>(
  areas: readonly A[],
): Map<string, A[]> {
  const files = new Map<string, A[]>();
  for (const area of areas) {
    if (!area.path?.startsWith('/')) continue;
    files.set(area.path, [...(files.get(area.path) ?? []), area]);
  }
  for (const list of files.values()) list.sort((a, b) => a.start - b.start);
  return files;
}

/** The key that the areas of a file are compared by. */
interface BoardLimits {
  readonly pageSize: number;
  /** Bytes of an area that may be in RAM; undefined: any. */
  readonly ramAtMost: (area: AreaReport) => number | undefined;
}

function compareFile(
  path: string,
  ours: readonly AreaReport[],
  theirs: readonly BoardArea[],
  limits: BoardLimits,
): BoardDifference[] {
  const [base, boardBase] = [ours[0]!.start, theirs[0]!.start];
  const at = new Map(theirs.map((area) => [area.start - boardBase, area]));
  const differences = ours.flatMap((area) => {
    const distance = area.start - base;
    const other = at.get(distance);
    at.delete(distance);
    const what =
      other === undefined
        ? [`${areaText(area, limits.pageSize)}; no area starts there on the board`]
        : compareAreas(area, other, limits);
    return what.map((each) => ({ path, distance, what: each }));
  });
  const more = [...at].map(([distance, area]) => ({
    path,
    distance,
    what: `${areaText(area, limits.pageSize)} on the board only`,
  }));
  return [...differences, ...more];
}

function areaText({ start, end, permissions }: AreaReport | BoardArea, pageSize: number): string {
  return `${permissions}, ${plural((end - start) / pageSize, 'page')}`;
}

function compareAreas(
  ours: AreaReport,
  theirs: BoardArea,
  { pageSize, ramAtMost: limit }: BoardLimits,
): string[] {
  const ramAtMost = limit(ours);
  const differences: string[] = [];
  const differ = (what: string, own: string, other: string): void => {
    if (own !== other) differences.push(`${what} ${own}; on the board ${other}`);
  };
  differ('pages:', pagesText(ours, pageSize), pagesText(theirs, pageSize));
  differ('permissions:', ours.permissions, theirs.permissions);
  const [place, otherPlace] = [placeOf(ours), placeOf(theirs)];
  if (place !== undefined && otherPlace !== undefined && place !== otherPlace) {
    // The offset (in ROM for VM_PFNMAP) and the RAM then differ, too: do not report them as well.
    differ('mapped', PLACES[place], `${PLACES[otherPlace]}${rssText(theirs)}`);
    return differences;
  }
  differ(place === 'pf' ? 'address in ROM:' : 'offset:', hex(ours.offset), hex(theirs.offset));
  if (ramAtMost !== undefined && theirs.rss !== undefined && theirs.rss > ramAtMost) {
    differences.push(
      `in RAM: at most ${ramAtMost / 1024} kB; on the board ${theirs.rss / 1024} kB`,
    );
  }
  return differences;
}

function pagesText({ start, end }: AreaReport | BoardArea, pageSize: number): string {
  return String((end - start) / pageSize);
}

type Place = 'pf' | 'mm' | 'ram';

const PLACES: Readonly<Record<Place, string>> = {
  pf: 'from ROM as a whole (pf)',
  mm: 'from ROM in part (mm)',
  ram: 'from RAM',
};

/** What the flags of an area say about ROM (VM_PFNMAP, VM_MIXEDMAP); undefined if they are unknown. */
function placeOf({ vmFlags }: AreaReport | BoardArea): Place | undefined {
  const flags = vmFlags?.split(' ');
  if (flags === undefined) return undefined;
  return flags.includes('pf') ? 'pf' : flags.includes('mm') ? 'mm' : 'ram';
}

function rssText({ rss }: BoardArea): string {
  return rss === undefined || rss === 0 ? '' : `, ${rss / 1024} kB of it`;
}
