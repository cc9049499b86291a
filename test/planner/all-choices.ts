import fc from 'fast-check';
import { runWorkload, totalPages, type Workload, type PlanKernel } from 'cramfs-planner';
import {
  MemorySink,
  inlineCompressor,
  surveyFlash,
  xipCandidates,
  type DirectoryEntry,
  type PlannedFile,
  type PlannedSpan,
} from 'mkcramfs';

export const PAGE = 4096;
export const backend = { compressor: inlineCompressor() };

/** The flash of an image, and the RAM of a workload on it, in bytes. */
interface Outcome {
  readonly flash: number;
  readonly ram: number;
}

interface Request {
  readonly root: DirectoryEntry;
  readonly workload: Workload;
  readonly kernel: PlanKernel;
  readonly mode: 'mmu' | 'nommu';
  /** The number of leading pages of a part that can be in place. */
  readonly inPlace: (pages: number) => readonly number[];
  /** A tree with more choices is not tried. */
  readonly most: number;
}

/** Builds every image that a plan can ask for, without the planner, and runs the workload on each. */
export async function outcomesOfAllChoices(request: Request): Promise<readonly Outcome[]> {
  const { root, workload, kernel, mode } = request;
  const tree = await surveyFlash(
    root,
    { xip: { mode } },
    (_, content) => xipCandidates(content, { blockSize: PAGE, mmu: mode === 'mmu' }),
    backend,
  );
  const files = tree.survey.files.map(({ paths, candidates: { spans } }) => ({
    path: paths[0]!,
    spans,
  }));
  const choices = files
    .flatMap(({ spans }) => spans)
    .map((span) =>
      request.inPlace(span.end - span.first).map((inPlace): PlannedSpan => ({ ...span, inPlace })),
    );
  fc.pre(choices.reduce((product, { length }) => product * length, 1) <= request.most);
  const outcomes: Outcome[] = [];
  for (const choice of product(choices)) {
    const planned = new Map<string, PlannedFile>();
    let at = 0;
    for (const { path, spans } of files) {
      planned.set(path, { spans: choice.slice(at, at + spans.length) });
      at += spans.length;
    }
    const sink = new MemorySink();
    await tree.build((path) => planned.get(path), sink);
    const { ram } = runWorkload(sink.bytes(), tree.survey, workload, kernel);
    outcomes.push({ flash: sink.bytes().length, ram: totalPages(ram) * PAGE });
  }
  return outcomes;
}

function* product<T>([head, ...tail]: readonly (readonly T[])[]): Generator<T[]> {
  if (head === undefined) {
    yield [];
    return;
  }
  for (const first of head) for (const rest of product(tail)) yield [first, ...rest];
}
