import { availableParallelism, cpus, loadavg, release } from 'node:os';
import { MIB } from '../corpus.js';
import { table } from '../report.js';
import { median } from '../run.js';
import { makeImage } from './images.js';
import { startKernelLoops } from './kernel.js';
import { EmulatorLoops, FILE_PAGES, LOOP_NAMES, type LoopName, type Timing } from './loops.js';
import { operationCosts, type OperationCosts } from './many-areas.js';
import { memoryOfMappedGibibyte } from './memory.js';
import { PagerLoops } from './pagers.js';
import { LIBRARIES, ProgramStarts } from './program-start.js';
import { replayRecords, type ReplayTiming } from './replay.js';

const SPEED_LIMIT = 1;
const AREAS_LIMIT = 3;
const FEW_AREAS = 100;
const MANY_AREAS = 100_000;
const MEMORY_LIMIT = 64;
const REPLAY_LIMIT = 5;
const START_LIMIT = 50;
const PAGER_LIMIT = 1.2;

/** Medians of a loop's rounds, in operations per second. */
export interface LoopResult {
  readonly loop: LoopName;
  readonly emulator: number;
  /** Undefined without a C compiler. */
  readonly kernel: number | undefined;
  /** Median of the rounds' own ratios. */
  readonly ratio: number | undefined;
}

/** What `npm run bench -- --emulator` measured. Costs in nanoseconds, memory in bytes. */
export interface EmulatorReport {
  readonly machine: Record<string, string | number>;
  readonly loops: readonly LoopResult[];
  readonly fewAreas: OperationCosts;
  readonly manyAreas: OperationCosts;
  readonly memory: number;
  readonly replay: ReplayTiming;
  /** What reads and writes of a tarfs file that nobody maps take, against a file without pagers. */
  readonly pagers: Readonly<Record<'read' | 'write', number>>;
  /** Milliseconds that the start of a program with its libraries takes. */
  readonly programStart: number;
  readonly targets: readonly EmulatorTarget[];
}

export interface EmulatorTarget {
  readonly target: string;
  readonly measured: number | undefined;
  readonly limit: string;
  /** Undefined: could not be measured. */
  readonly pass: boolean | undefined;
}

/** Measures the emulator. @param rounds of which the medians count; one more warms up. */
export async function benchEmulator(rounds: number, work: string): Promise<EmulatorReport> {
  const machine = {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    processors: availableParallelism(),
    linux: release(),
    node: process.version,
    loadBefore: loadavg()[0]!,
  };
  const loops = await benchLoops(rounds, work);
  const [fewAreas, manyAreas] = operationCosts([FEW_AREAS, MANY_AREAS], rounds);
  const measured = {
    machine,
    loops,
    fewAreas: fewAreas!,
    manyAreas: manyAreas!,
    memory: await memoryOfMappedGibibyte(),
    replay: replayRecords(),
    pagers: benchPagers(rounds),
    programStart: await medianStart(rounds),
  };
  return { ...measured, targets: judge(measured) };
}

/** Both kinds of file in turns. */
function benchPagers(rounds: number): Record<'read' | 'write', number> {
  const loops = new PagerLoops();
  const ratio = (operation: 'read' | 'write'): number => {
    const ratios = Array.from({ length: rounds + 1 }, () => {
      const { seconds } = loops.run('tarfs', operation);
      return seconds / loops.run('without', operation).seconds;
    });
    return median(ratios.slice(1));
  };
  return { read: ratio('read'), write: ratio('write') };
}

/** Of some starts, after as many to warm up. */
async function medianStart(rounds: number): Promise<number> {
  const starts = await ProgramStarts.make();
  const count = 10 + rounds;
  return median(Array.from({ length: 2 * count }, () => starts.run()).slice(count));
}

/** Emulator and kernel in turns, so that what slows the machine down slows down both. */
async function benchLoops(rounds: number, work: string): Promise<LoopResult[]> {
  const kernel = startKernelLoops(work);
  const emulator = new EmulatorLoops(await makeImage(1, FILE_PAGES, true));
  const results: LoopResult[] = [];
  for (const loop of LOOP_NAMES) {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      ours.push(speed(emulator.run(loop)));
      if (kernel !== undefined) theirs.push(speed(await kernel.run(loop)));
    }
    results.push({
      loop,
      emulator: median(ours.slice(1)),
      ...(kernel === undefined
        ? { kernel: undefined, ratio: undefined }
        : {
            kernel: median(theirs.slice(1)),
            ratio: median(ours.map((one, round) => one / theirs[round]!).slice(1)),
          }),
    });
  }
  kernel?.close();
  return results;
}

function speed({ operations, seconds }: Timing): number {
  return operations / seconds;
}

function judge(report: Omit<EmulatorReport, 'targets'>): EmulatorTarget[] {
  const { loops, fewAreas, manyAreas, memory, replay, pagers, programStart } = report;
  const costs = Object.entries(manyAreas) as [keyof OperationCosts, number][];
  return [
    ...loops.map(({ loop, ratio }) => ({
      target: `${loop}: speed / kernel`,
      measured: ratio,
      limit: `>= ${SPEED_LIMIT}`,
      pass: ratio === undefined ? undefined : ratio >= SPEED_LIMIT,
    })),
    ...costs.map(([operation, cost]) =>
      atMost(
        `${operation}: time with ${MANY_AREAS} areas / with ${FEW_AREAS}`,
        cost / fewAreas[operation],
        AREAS_LIMIT,
      ),
    ),
    atMost('1 GiB of mapped file pages: MiB of memory', memory / MIB, MEMORY_LIMIT),
    atMost("replay of the kernels' records: processor s", replay.processorSeconds, REPLAY_LIMIT),
    atMost('read of an unmapped tarfs file: time / without pagers', pagers.read, PAGER_LIMIT),
    atMost('write to an unmapped tarfs file: time / without pagers', pagers.write, PAGER_LIMIT),
    atMost(`exec of a program with ${LIBRARIES} libraries: ms`, programStart, START_LIMIT),
  ];
}

function atMost(target: string, measured: number, limit: number): EmulatorTarget {
  return { target, measured, limit: `<= ${limit}`, pass: measured <= limit };
}

/** The report as text for people. */
export function formatEmulatorReport(report: EmulatorReport): string {
  const { machine, loops, fewAreas, manyAreas, replay, targets } = report;
  const million = (perSecond: number | undefined): string =>
    perSecond === undefined ? '' : (perSecond / 1e6).toFixed(3);
  const costs = Object.entries(manyAreas) as [keyof OperationCosts, number][];
  return [
    `${machine['cpu']}, ${machine['processors']} processors, node ${machine['node']}, Linux ${machine['linux']}`,
    `load average before: ${machine['loadBefore']}`,
    `${replay.operations} scenarios replayed in ${replay.seconds.toFixed(1)} s`,
    '',
    ...table(
      ['loop', 'emulator M/s', 'kernel M/s', 'ratio'],
      loops.map(({ loop, emulator, kernel, ratio }) => [
        loop,
        million(emulator),
        million(kernel),
        ratio?.toFixed(2) ?? '',
      ]),
    ),
    '',
    ...table(
      ['operation', `ns, ${FEW_AREAS} areas`, `ns, ${MANY_AREAS} areas`, 'ratio'],
      costs.map(([operation, cost]) => [
        operation,
        fewAreas[operation].toFixed(0),
        cost.toFixed(0),
        (cost / fewAreas[operation]).toFixed(2),
      ]),
    ),
    '',
    ...table(
      ['target', 'measured', 'limit', 'verdict'],
      targets.map(({ target, measured, limit, pass }) => [
        target,
        measured?.toFixed(2) ?? '',
        limit,
        pass === undefined ? 'not measured' : pass ? 'pass' : 'FAIL',
      ]),
    ),
    '',
  ].join('\n');
}
