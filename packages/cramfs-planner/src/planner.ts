import { CramfsError, crc32 as portableCrc32, type BlockSize } from 'cramfs-format';
import {
  MemorySink,
  plannedSize,
  surveyFlash,
  xipCandidates,
  type BuildBackend,
  type BuildOptions,
  type DirectoryEntry,
  type FlashSurvey,
  type PlannedFile,
  type PlannedSpan,
  type SurveyedTree,
} from 'mkcramfs';
import type { PlanLine, XipPlan } from './plan-file/plan.js';
import { TradeOff, type Solution } from './solver/trade-off.js';
import { sectionItems, type SectionItem } from './workload/gains.js';
import { runWorkload, type WorkloadRun } from './workload/run-workload.js';
import type { SectionChoice } from './workload/section-choice.js';
import {
  totalPages,
  type PlanKernel,
  type ProgramRuns,
  type Workload,
} from './workload/workload.js';

/** A tree to plan, as it would be built, and what runs on it. */
export interface PlanRequest {
  readonly root: DirectoryEntry;
  /** `xip.mode` says which kind of kernel. */
  readonly build: BuildOptions;
  readonly workload: Workload;
  readonly kernel: PlanKernel;
  readonly backend: Omit<BuildBackend, 'sink'>;
  /** The solver calls this now and then: true ends it early. */
  readonly isOver?: () => boolean;
}

/** A choice, and what it costs. Sizes in bytes. */
export interface PlannedChoice {
  readonly solution: Solution<SectionChoice>;
  /** Bytes of the image. */
  readonly flash: number;
  /** Bytes of RAM of the workload. */
  readonly ram: number;
}

export interface CurvePoint {
  readonly flash: number;
  readonly ram: number;
}

/** All that can be planned for a tree and a workload. */
export class Planner {
  readonly survey: FlashSurvey;
  readonly items: readonly SectionItem[];
  readonly nothing: WorkloadRun;
  readonly everything: WorkloadRun;
  private readonly request: PlanRequest;
  private readonly tree: SurveyedTree;
  private readonly tradeOff: TradeOff<SectionChoice>;
  private readonly checksums: ReadonlyMap<string, readonly number[]>;

  private constructor(
    request: PlanRequest,
    tree: SurveyedTree,
    runs: { readonly nothing: WorkloadRun; readonly everything: WorkloadRun },
    checksums: ReadonlyMap<string, readonly number[]>,
  ) {
    this.request = request;
    this.tree = tree;
    this.survey = tree.survey;
    this.nothing = runs.nothing;
    this.everything = runs.everything;
    this.checksums = checksums;
    this.items = sectionItems(tree.survey, runs.nothing, runs.everything);
    this.tradeOff = new TradeOff(this.items, request.isOver);
  }

  /**
   * Compresses the tree, runs the workload on it, and solves.
   *
   * @throws CramfsError what building throws, and BAD_SOURCE if a program does not start.
   */
  static async prepare(request: PlanRequest): Promise<Planner> {
    const { root, build, workload, kernel, backend } = request;
    const { crc32 = portableCrc32 } = backend;
    const blockSize = build.blockSize ?? 4096;
    const mmu = build.xip?.mode !== 'nommu';
    const mappedFiles = new Set(
      workload.profiles.flatMap(({ kind, files }) => (kind === 'mapped' ? [...files.keys()] : [])),
    );
    const checksums = new Map<string, readonly number[]>();
    const tree = await surveyFlash(
      root,
      build,
      (path, content) => {
        const whole = mappedFiles.has(path);
        const candidates = xipCandidates(content, { blockSize, mmu, whole });
        const sums = candidates.spans.map(({ first, end }) =>
          crc32(content.subarray(first * blockSize, end * blockSize), 0),
        );
        checksums.set(path, sums);
        return candidates;
      },
      backend,
    );
    const run = async (all: boolean): Promise<WorkloadRun> => {
      const plan = planOf(tree.survey, ({ first, end }) => (all ? end - first : 0));
      return runWorkload(await imageOf(tree, plan), tree.survey, workload, kernel);
    };
    const nothing = await run(false);
    const everything = await run(true);
    return new Planner(request, tree, { nothing, everything }, checksums);
  }

  /** False if the solver ended early: solutions then have a gap. */
  get isExact(): boolean {
    return this.tradeOff.isExact;
  }

  /** The least RAM for an image of at most so many bytes. @throws CramfsError TOO_BIG. */
  forFlash(size: number): PlannedChoice {
    const found = this.within(size);
    if (found === undefined) {
      const smallest = this.choice(this.tradeOff.reaching(0)!).flash;
      throw new CramfsError(
        'TOO_BIG',
        `${size} bytes of flash are not enough: the smallest image has ${smallest}`,
      );
    }
    return this.choice(found);
  }

  /** The smallest image with which the workload takes at most so many bytes of RAM. @throws CramfsError TOO_BIG. */
  forRam(size: number): PlannedChoice {
    const { blockSize, most } = this.survey;
    const missing = totalPages(this.nothing.ram) - Math.floor(size / blockSize);
    const found = this.tradeOff.reaching(Math.max(0, missing));
    const choice = found && this.choice(found);
    if (choice === undefined || choice.flash > most) {
      throw new CramfsError(
        'TOO_BIG',
        `${size} bytes of RAM are not enough: with every useful page in place the workload takes ${this.most().ram}`,
      );
    }
    return choice;
  }

  /** The smallest image of all. @throws CramfsError TOO_BIG if the format has no room for it. */
  smallest(): PlannedChoice {
    const choice = this.choice(this.tradeOff.reaching(0)!);
    return choice.flash > this.survey.most ? this.forFlash(this.survey.most) : choice;
  }

  /** The least RAM possible, in the smallest image that gives it. @throws CramfsError TOO_BIG. */
  most(): PlannedChoice {
    return this.forFlash(this.survey.most);
  }

  /** The trade-off, from the smallest image to the least RAM. */
  curve(): CurvePoint[] {
    const points: CurvePoint[] = [];
    for (const { bytes, gain } of this.tradeOff.points()) {
      const point = { flash: plannedSize(this.survey, bytes), ram: this.ramFor(gain) };
      if (point.flash > this.survey.most) break;
      // Of several images of one size, the last takes the least RAM.
      if (points.at(-1)?.flash === point.flash) points.pop();
      points.push(point);
    }
    return points;
  }

  private within(size: number): Solution<SectionChoice> | undefined {
    const { blockSize, fixed, least, most } = this.survey;
    const allowed = Math.min(size, most);
    const room = allowed - (allowed % blockSize);
    return room < least ? undefined : this.tradeOff.within(room - fixed);
  }

  /** The programs of the workload. */
  get runs(): readonly ProgramRuns[] {
    return this.request.workload.runs;
  }

  /** The cost of these choices for some items, and of the choice with the least flash for the others. */
  costOf(wanted: (item: SectionItem) => SectionChoice | undefined): CurvePoint {
    let bytes = 0;
    let gain = 0;
    for (const item of this.items) {
      const choice = wanted(item) ?? cheapest(item);
      bytes += choice.bytes;
      gain += choice.gain;
    }
    return { flash: plannedSize(this.survey, bytes), ram: this.ramFor(gain) };
  }

  /** The plan of a choice, to be written to a file. */
  plan({ solution }: PlannedChoice): XipPlan {
    const { blockSize, mmu, alignment, files } = this.survey;
    const amounts = this.amounts(solution);
    const lines = files.flatMap(({ paths, candidates }, file) => {
      const path = paths[0]!;
      return candidates.spans.map(({ first, end, flags }, part): PlanLine => {
        const inPlace = amounts[file]![part]!;
        const crc = this.checksums.get(path)![part]!;
        return { path, flags, first, pages: end - first, inPlace, crc, line: 0 };
      });
    });
    const align = mmu ? undefined : alignment;
    return { mmu, pageSize: blockSize as BlockSize, align, lines };
  }

  /** Writes the image of a choice to memory. */
  async image(choice: PlannedChoice): Promise<Uint8Array> {
    const amounts = this.amounts(choice.solution);
    const files = new Map(this.survey.files.map(({ paths }, file) => [paths[0]!, amounts[file]!]));
    const plan = planOf(this.survey, ({ path, part }) => files.get(path)![part]!);
    return imageOf(this.tree, plan);
  }

  /** The RAM that the workload takes on the image of a choice, from the emulator. */
  async measure(choice: PlannedChoice): Promise<WorkloadRun> {
    const { workload, kernel } = this.request;
    return runWorkload(await this.image(choice), this.survey, workload, kernel);
  }

  private choice(solution: Solution<SectionChoice>): PlannedChoice {
    return {
      solution,
      flash: plannedSize(this.survey, solution.bytes),
      ram: this.ramFor(solution.gain),
    };
  }

  private ramFor(gain: number): number {
    return (totalPages(this.nothing.ram) - gain) * this.survey.blockSize;
  }

  /** Returns the pages in place, by file and part. */
  private amounts({ choices }: Solution<SectionChoice>): number[][] {
    const amounts = this.survey.files.map(({ candidates }) =>
      new Array<number>(candidates.spans.length).fill(0),
    );
    for (const [index, { file, parts }] of this.items.entries()) {
      for (const [which, part] of parts.entries()) {
        amounts[file]![part] = choices[index]!.inPlace[which]!;
      }
    }
    return amounts;
  }
}

function cheapest({ choices }: SectionItem): SectionChoice {
  return choices.reduce((best, choice) => {
    const isBetter =
      choice.bytes < best.bytes || (choice.bytes === best.bytes && choice.gain > best.gain);
    return isBetter ? choice : best;
  });
}

interface PartOf {
  readonly path: string;
  readonly part: number;
  readonly first: number;
  readonly end: number;
}

function planOf(
  { files }: FlashSurvey,
  inPlace: (part: PartOf) => number,
): (path: string) => PlannedFile | undefined {
  const planned = new Map<string, PlannedFile>();
  for (const { paths, candidates } of files) {
    const path = paths[0]!;
    const spans = candidates.spans.map(({ first, end }, part): PlannedSpan => {
      return { first, end, inPlace: inPlace({ path, part, first, end }) };
    });
    planned.set(path, { spans });
  }
  return (path) => planned.get(path);
}

async function imageOf(
  tree: SurveyedTree,
  plan: (path: string) => PlannedFile | undefined,
): Promise<Uint8Array> {
  const sink = new MemorySink();
  await tree.build(plan, sink);
  return sink.bytes();
}
