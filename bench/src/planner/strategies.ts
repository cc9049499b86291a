import { crc32 } from 'node:zlib';
import {
  Planner,
  runWorkload,
  totalPages,
  type PlanKernel,
  type PlannedChoice,
  type Workload,
} from 'cramfs-planner';
import {
  MemorySink,
  buildImage,
  type BlockCompressor,
  type BuildOptions,
  type DirectoryEntry,
} from 'mkcramfs';

/** A way to choose what is in place, and what it gives. Sizes in bytes. */
export interface Outcome {
  readonly strategy: string;
  readonly flash: number;
  readonly ram: number;
  /** RAM saved per byte of flash more than the image with nothing in place. */
  readonly rate: number;
}

/** Strategies at one budget. */
export interface Comparison {
  readonly budget: number;
  readonly outcomes: readonly Outcome[];
}

/** What runs: two shells, an SSH server and a TLS tool, all at once. */
const WORKLOAD: Workload = {
  runs: [
    { count: 2, argv: ['/bin/sh', '-c', 'x'] },
    { count: 1, argv: ['/usr/sbin/dropbear', '-F'] },
    { count: 1, argv: ['/usr/bin/openssl', 'version'] },
  ],
  touched: 'all',
  profiles: [],
};
const KERNEL: PlanKernel = { arch: () => 'arm', physAddr: 0x22000000 };
/** Budgets between the smallest image and everything in place. */
const BUDGETS = [0.25, 0.5, 0.75] as const;

/** What was planned for a tree. */
export interface StrategyReport {
  readonly smallest: PlannedChoice;
  readonly most: PlannedChoice;
  readonly comparisons: readonly Comparison[];
}

/**
 * Compares three strategies at equal flash: everything ELF in place, whole files greedily by what they save
 * per byte, and the plan.
 */
export async function compareStrategies(
  root: DirectoryEntry,
  compressor: BlockCompressor,
): Promise<StrategyReport> {
  const planner = await Planner.prepare({
    root,
    build: { xip: { mode: 'mmu' } },
    workload: WORKLOAD,
    kernel: KERNEL,
    backend: { compressor, crc32 },
  });
  const smallest = planner.smallest();
  const most = planner.most();
  const outcome = (strategy: string, { flash, ram }: { flash: number; ram: number }): Outcome => {
    const rate = flash > smallest.flash ? (smallest.ram - ram) / (flash - smallest.flash) : 0;
    return { strategy, flash, ram, rate };
  };
  const measured = async (strategy: string, xip: BuildOptions['xip'] & {}): Promise<Outcome> => {
    const sink = new MemorySink();
    const { size } = await buildImage(root, { xip }, { compressor, sink, crc32 });
    const { ram } = runWorkload(sink.bytes(), planner.survey, WORKLOAD, KERNEL);
    return outcome(strategy, { flash: size, ram: totalPages(ram) * planner.survey.blockSize });
  };

  const everything = await measured('everything ELF', { mode: 'mmu' });
  const comparisons: Comparison[] = [
    {
      budget: everything.flash,
      outcomes: [everything, outcome('plan', planner.forFlash(everything.flash))],
    },
  ];
  for (const part of BUDGETS) {
    const budget = Math.round(smallest.flash + (most.flash - smallest.flash) * part);
    const files = await greedyFiles(planner, budget, async (taken) => {
      const exclude = (path: string): boolean => !taken.has(path);
      return measured('whole files', { mode: 'mmu', exclude });
    });
    comparisons.push({ budget, outcomes: [files, outcome('plan', planner.forFlash(budget))] });
  }
  return { smallest, most, comparisons };
}

/** Takes the files that save most per byte, as long as the image has room. */
async function greedyFiles(
  planner: Planner,
  budget: number,
  build: (taken: ReadonlySet<string>) => Promise<Outcome>,
): Promise<Outcome> {
  const gains = new Map<string, { gain: number; bytes: number }>();
  for (const { file, choices } of planner.items) {
    const path = planner.survey.files[file]!.paths[0]!;
    const known = gains.get(path) ?? { gain: 0, bytes: 0 };
    known.gain += choices.at(-1)!.gain;
    known.bytes += choices.at(-1)!.bytes - choices[0]!.bytes;
    gains.set(path, known);
  }
  const order = [...gains]
    .filter(([, { gain }]) => gain > 0)
    .sort(([, a], [, b]) => b.gain * a.bytes - a.gain * b.bytes);
  const taken = new Set<string>();
  let best = await build(taken);
  for (const [path] of order) {
    taken.add(path);
    const found = await build(taken);
    if (found.flash <= budget) best = found;
    else taken.delete(path);
  }
  return best;
}
