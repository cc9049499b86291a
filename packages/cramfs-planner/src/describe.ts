import type { CurvePoint, PlannedChoice, Planner } from './planner.js';
import type { SectionItem } from './workload/gains.js';
import type { SectionChoice } from './workload/section-choice.js';

/** What a choice does with parts that are decided together. */
export interface DescribedPart {
  /** Byte string; the first of the files that are equal. */
  readonly path: string;
  /** Files that are equal to it. */
  readonly equal: readonly string[];
  /** PF_R | PF_W | PF_X */
  readonly flags: number;
  readonly first: number;
  readonly pages: number;
  readonly inPlace: number;
  /** Leading pages that are worth having in place: further ones gain nothing. */
  readonly useful: number;
  /**
   * For all parts that share pages with it: pages of RAM saved, and additional bytes of flash compared with
   * compressed.
   */
  readonly gain: number;
  readonly bytes: number;
  /** The same if everything useful were in place. */
  readonly mostGain: number;
  readonly mostBytes: number;
  /** The first of the parts that share pages; the figures are those of all of them. */
  readonly isFirst: boolean;
}

/** What no price buys. */
export interface DescribedRefusal {
  readonly message: string;
  readonly pages: number;
  /** Byte strings. */
  readonly paths: readonly string[];
}

/** What a slightly larger budget would bring. Sizes in bytes. */
export interface NextStep {
  /** Additional flash, and the RAM that it saves. */
  readonly flash: { readonly more: number; readonly saves: number };
  /** Additional RAM, and the flash that it saves. */
  readonly ram: { readonly more: number; readonly saves: number };
}

/** The parts of a choice, only of files that the workload uses: the others have nothing to gain. */
export function describeParts(planner: Planner, { solution }: PlannedChoice): DescribedPart[] {
  const { files } = planner.survey;
  return planner.items.flatMap((item, index) => {
    const { paths, candidates } = files[item.file]!;
    if (!isUsed(planner, paths)) return [];
    const chosen = solution.choices[index]!;
    const none = nothingInPlace(item);
    const most = mostUseful(item);
    return item.parts.map((part, which): DescribedPart => {
      const { first, end, flags } = candidates.spans[part]!;
      return {
        path: paths[0]!,
        equal: paths.slice(1),
        flags,
        first,
        pages: end - first,
        inPlace: chosen.inPlace[which]!,
        useful: most.inPlace[which]!,
        gain: chosen.gain,
        bytes: chosen.bytes - none.bytes,
        mostGain: most.gain,
        mostBytes: most.bytes - none.bytes,
        isFirst: which === 0,
      };
    });
  });
}

/** A program of the workload, with all touched pages of it and its libraries in place. */
export interface ProgramPoint extends CurvePoint {
  /** Byte strings. */
  readonly argv: readonly string[];
}

/** For each program of the workload, the smallest image in which every useful page of it is in place. */
export function programPoints(planner: Planner): ProgramPoint[] {
  return planner.runs.map(({ argv }, index) => {
    const files = planner.nothing.programs[index]!;
    return {
      argv,
      ...planner.costOf((item) => (files.has(item.file) ? mostUseful(item) : undefined)),
    };
  });
}

function isUsed({ nothing }: Planner, paths: readonly string[]): boolean {
  return nothing.used.size === 0 || paths.some((path) => nothing.used.has(path));
}

function nothingInPlace({ choices }: SectionItem): SectionChoice {
  return choices.find(({ inPlace }) => inPlace.every((pages) => pages === 0))!;
}

/** The cheapest way to the most gain. */
function mostUseful({ choices }: SectionItem): SectionChoice {
  return choices.reduce((best, choice) => {
    const isBetter =
      choice.gain > best.gain || (choice.gain === best.gain && choice.bytes < best.bytes);
    return isBetter ? choice : best;
  });
}

/** The parts of the workload's files that cannot be in place, by reason. */
export function describeRefusals(planner: Planner): DescribedRefusal[] {
  const found = new Map<string, { pages: number; readonly paths: string[] }>();
  for (const [path, refusals] of planner.survey.refusals) {
    if (!isUsed(planner, [path])) continue;
    for (const { message, pages } of refusals) {
      const known = found.get(message) ?? { pages: 0, paths: [] };
      known.pages += pages;
      if (!known.paths.includes(path)) known.paths.push(path);
      found.set(message, known);
    }
  }
  return [...found].map(([message, { pages, paths }]) => ({ message, pages, paths }));
}

/** @param step bytes that the budget grows by. */
export function nextStep(planner: Planner, choice: PlannedChoice, step: number): NextStep {
  const more = planner.forFlash(choice.flash + step);
  const less = planner.forRam(choice.ram + step);
  return {
    flash: { more: step, saves: choice.ram - more.ram },
    ram: { more: step, saves: choice.flash - less.flash },
  };
}

/** A point of the curve that has a name. */
export interface NamedPoint extends CurvePoint {
  readonly name: string;
}

const EVEN_POINTS = 4;

/**
 * The points of a curve that matter: its ends, the knee, which is the point farthest from the line
 * between the ends, and some evenly between.
 */
export function namedPoints(curve: readonly CurvePoint[]): NamedPoint[] {
  const first = curve[0]!;
  const last = curve.at(-1)!;
  const names = new Map<CurvePoint, string>([[first, 'smallest image']]);
  names.set(last, curve.length === 1 ? 'smallest image' : 'all that is touched');
  const height = (point: CurvePoint): number =>
    (first.ram - point.ram) * (last.flash - first.flash) -
    (point.flash - first.flash) * (first.ram - last.ram);
  const knee = curve.reduce((best, point) => (height(point) > height(best) ? point : best));
  if (!names.has(knee)) names.set(knee, 'knee');
  for (let step = 1; step < EVEN_POINTS; step += 1) {
    const flash = first.flash + ((last.flash - first.flash) * step) / EVEN_POINTS;
    const point = curve.findLast((each) => each.flash <= flash)!;
    if (!names.has(point)) names.set(point, `${(100 * step) / EVEN_POINTS} % of the flash`);
  }
  return curve
    .filter((point) => names.has(point))
    .map((point) => ({ ...point, name: names.get(point)! }));
}
