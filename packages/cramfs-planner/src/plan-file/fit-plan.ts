import { CramfsError, crc32 as portableCrc32, nameToText } from 'cramfs-format';
import {
  walkTree,
  xipCandidates,
  type DirectoryEntry,
  type FileEntry,
  type PlannedFile,
  type PlannedSpan,
  type XipCandidate,
} from 'mkcramfs';
import type { PlanLine, XipPlan } from './plan.js';
import { flagsText, planError } from './text.js';

/** What had to change in a plan to make it fit the tree. */
export interface PlanChange {
  /** The plan's line. */
  readonly line: number;
  readonly message: string;
}

/** A plan that fits a tree. */
export interface FittedPlan {
  /** The function for `XipOptions.plan`. */
  readonly file: (path: string) => PlannedFile | undefined;
  /** Empty unless it was adapted. */
  readonly changes: readonly PlanChange[];
}

export interface FitOptions {
  /** Change lines that do not fit, instead of failing. */
  readonly adapt?: boolean;
  readonly crc32?: (bytes: Uint8Array, crc: number) => number;
}

/**
 * Compares a plan with the tree it is for.
 *
 * @throws CramfsError BAD_SOURCE naming the first line that does not fit, unless `adapt` is set.
 */
export async function fitPlan(
  root: DirectoryEntry,
  plan: XipPlan,
  { adapt = false, crc32 = portableCrc32 }: FitOptions = {},
): Promise<FittedPlan> {
  const files = new Map<string, FileEntry>();
  for (const { path, entry } of walkTree(root)) if (entry.type === 'file') files.set(path, entry);
  const changes: PlanChange[] = [];
  const change = (line: number, message: string, effect: string): void => {
    if (!adapt) throw planError(line, `${message} (--adapt goes on: ${effect})`);
    changes.push({ line, message: `${message}: ${effect}` });
  };
  const planned = new Map<string, PlannedFile>();
  for (const [path, lines] of byPath(plan.lines)) {
    const entry = files.get(path);
    if (entry === undefined || entry.size === 0) {
      const what = entry === undefined ? 'there is no such file' : 'the file is empty';
      change(lines[0]!.line, `${nameToText(path)}: ${what}`, 'left out');
      continue;
    }
    const content = await entry.read();
    const { mmu, pageSize } = plan;
    const { spans } = xipCandidates(content, { blockSize: pageSize, mmu, whole: true });
    const fitted = fitFile({ path, lines, spans, mmu }, change);
    for (const [index, { first, end }] of spans.entries()) {
      const line = fitted.lines[index];
      if (line === undefined) continue;
      const bytes = content.subarray(first * pageSize, end * pageSize);
      if (line.pages === end - first && crc32(bytes, 0) !== line.crc) {
        change(line.line, `${partName(path, line.flags)}: its pages have changed`, 'kept');
      }
    }
    if (fitted.spans.length > 0) planned.set(path, { spans: fitted.spans });
  }
  return { file: (path) => planned.get(path), changes };
}

/** A file of a plan, and the same file in the tree. */
interface PlannedAndFound {
  readonly path: string;
  readonly lines: readonly PlanLine[];
  readonly spans: readonly XipCandidate[];
  readonly mmu: boolean;
}

/** @returns the spans with what is in place, and the line that says so for each. */
function fitFile(
  { path, lines, spans, mmu }: PlannedAndFound,
  change: (line: number, message: string, effect: string) => void,
): { readonly spans: PlannedSpan[]; readonly lines: readonly (PlanLine | undefined)[] } {
  const left = [...lines];
  const taken = spans.map(({ first, end, flags }) => {
    const same = left.find(
      (line) => line.first === first && line.pages === end - first && line.flags === flags,
    );
    const found = same ?? left.find((line) => line.flags === flags);
    if (found !== undefined) left.splice(left.indexOf(found), 1);
    return found;
  });
  for (const line of left) {
    change(line.line, `${partName(path, line.flags)}: there is no such part`, 'left out');
  }
  const fitted = spans.map(({ first, end, flags }, index): PlannedSpan => {
    const line = taken[index];
    if (line === undefined) {
      const message = `${partName(path, flags)}, pages ${first} to ${end - 1}: not in the plan`;
      change(lines[0]!.line, message, 'not in place');
      return { first, end, inPlace: 0 };
    }
    const pages = end - first;
    const isWhole = line.inPlace === line.pages;
    const inPlace = isWhole ? pages : mmu ? Math.min(line.inPlace, pages) : 0;
    if (line.first !== first || line.pages !== pages) {
      const was = `pages ${line.first} to ${line.first + line.pages - 1}`;
      const message = `${partName(path, flags)}: ${was} in the plan, ${first} to ${end - 1} in the tree`;
      change(line.line, message, `${inPlace} of ${pages} in place`);
    }
    return { first, end, inPlace };
  });
  return { spans: fitted, lines: taken };
}

function partName(path: string, flags: number): string {
  return `${nameToText(path)} ${flagsText(flags)}`;
}

function byPath(lines: readonly PlanLine[]): Map<string, PlanLine[]> {
  const files = new Map<string, PlanLine[]>();
  for (const line of lines) files.set(line.path, [...(files.get(line.path) ?? []), line]);
  return files;
}

/** @throws CramfsError BAD_REQUEST if the plan is not for an image with pages of this size. */
export function checkPageSize({ pageSize }: XipPlan, asked: number | undefined): void {
  if (asked === undefined || asked === pageSize) return;
  throw new CramfsError(
    'BAD_REQUEST',
    `the plan is for pages of ${pageSize} bytes, not ${asked}: make another one`,
  );
}
