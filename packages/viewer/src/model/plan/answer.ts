import { nameToText } from 'cramfs-format';
import {
  describeParts,
  describeRefusals,
  flagsText,
  formatPlan,
  mayHaveNeighbours,
  namedPoints,
  nextStep,
  programPoints,
  totalPages,
  type CurvePoint,
  type DescribedRefusal,
  type NamedPoint,
  type NextStep,
  type PlannedChoice,
  type Planner,
} from 'cramfs-planner';
import type { PreparedPlan } from './prepare.js';

/** The trade-off. Sizes in bytes. */
export interface PlanOverview {
  readonly pageSize: number;
  readonly curve: readonly CurvePoint[];
  readonly named: readonly NamedPoint[];
  /** False if better points may exist between those of the curve. */
  readonly exact: boolean;
  /** RAM of the workload with nothing in place. */
  readonly nothing: number;
  /** Programs of the workload, each with every useful page in place. */
  readonly programs: readonly PlanProgram[];
  readonly refusals: readonly DescribedRefusal[];
  readonly touched: 'all' | 'start';
  readonly profiles: readonly PlanProfile[];
}

export interface PlanProgram extends CurvePoint {
  /** Printable. */
  readonly command: string;
  readonly count: number;
}

export interface PlanProfile {
  /** Printable. */
  readonly source: string;
  readonly format: string;
  readonly files: number;
  /** Whether neighbours of touched pages may look touched. */
  readonly neighbours: boolean;
  /** Its files that are left out, with the reason; printable. */
  readonly problems: readonly string[];
}

/** The part of a file that is in place. */
export interface PlanPart {
  /** Identifies the part among all choices. */
  readonly key: string;
  /** Byte string, and as people read it. */
  readonly path: string;
  readonly text: string;
  /** Files that are equal to it; printable. */
  readonly equal: readonly string[];
  /** `r-x` and the like. */
  readonly flags: string;
  readonly pages: number;
  readonly inPlace: number;
  /** Leading pages that are worth having in place. */
  readonly useful: number;
  /**
   * Pages of RAM saved, and additional bytes of flash, for all parts that share pages with it, given once.
   */
  readonly gain: number;
  readonly bytes: number;
  readonly mostGain: number;
  readonly mostBytes: number;
  readonly isFirst: boolean;
}

/** The best choice for a budget. Sizes in bytes. */
export interface PlanChoice {
  readonly flash: number;
  readonly ram: number;
  /** Pages of RAM that a better choice could save at most; 0 for the best. */
  readonly gap: number;
  readonly parts: readonly PlanPart[];
  readonly next: NextStep;
}

/** The size of one more step of a budget, in bytes. */
const STEP = 64 << 10;

export function planOverview({ planner, workload, notes }: PreparedPlan): PlanOverview {
  const curve = planner.curve();
  const { blockSize } = planner.survey;
  return {
    pageSize: blockSize,
    curve,
    named: namedPoints(curve),
    exact: planner.isExact,
    nothing: totalPages(planner.nothing.ram) * blockSize,
    programs: programPoints(planner).map(({ argv, flash, ram }, index) => ({
      command: argv.map(nameToText).join(' '),
      count: workload.runs[index]!.count,
      flash,
      ram,
    })),
    refusals: describeRefusals(planner).map((refusal) => ({
      ...refusal,
      paths: refusal.paths.map(nameToText),
    })),
    touched: workload.touched,
    profiles: notes.map(({ profile, problems }) => ({
      source: nameToText(profile.source),
      format: profile.format,
      files: profile.files.size,
      neighbours: mayHaveNeighbours(profile),
      problems: problems.map(({ path, reason }) => `${nameToText(path)}: ${reason}`),
    })),
  };
}

/**
 * The best choice for an image of at most so many bytes, or for the smallest image if that is too little.
 */
export function planChoice({ planner }: PreparedPlan, budget: number): PlanChoice {
  const choice = chosen(planner, budget);
  const { flash, ram, solution } = choice;
  return {
    flash,
    ram,
    gap: solution.gap,
    parts: describeParts(planner, choice).map(({ path, equal, flags, first, ...figures }) => ({
      ...figures,
      key: `${path}\0${first}`,
      path,
      text: nameToText(path),
      equal: equal.map(nameToText),
      flags: flagsText(flags),
    })),
    next: nextStep(planner, choice, STEP),
  };
}

/** The choice as a file for `cramfs build --xip-plan`. */
export function planFile({ planner }: PreparedPlan, budget: number): string {
  const choice = chosen(planner, budget);
  const { flash, ram } = choice;
  return formatPlan(planner.plan(choice), [
    `--flash ${budget}: image of ${flash} bytes, RAM of the workload ${ram}`,
  ]);
}

function chosen(planner: Planner, budget: number): PlannedChoice {
  return planner.forFlash(Math.max(budget, planner.smallest().flash));
}
