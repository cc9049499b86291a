import { AGAIN, BUILD, OURS, PEER, READ, START_UP } from './contests.js';
import type { Result } from './contest.js';
import { MIB } from './corpus.js';

/** What we promise, and what came out. */
export interface Verdict {
  readonly target: string;
  /** Undefined: could not be measured, a peer is not installed. */
  readonly measured: number | undefined;
  readonly limit: number;
  readonly unit: string;
  readonly pass: boolean | undefined;
}

const BUILD_TIME_LIMIT = 0.23;
const IMAGE_SIZE_LIMIT = 1;
const BEST_TIME_LIMIT = 0.9;
const BEST_SIZE_LIMIT = 0.986;
const EXTRACT_TIME_LIMIT = 0.6;
const CHECK_TIME_LIMIT = 0.45;
const BUILD_MEMORY_LIMIT = 128;
const AGAIN_TIME_LIMIT = 0.35;
const START_UP_LIMIT = 0.15;
const SMALL_BUILD_LIMIT = 2.2;
const SMALL_READ_LIMIT = 1.6;
/** Linear is 1; this leaves room for noise, but not for n log n with a large factor. */
const GROWTH_LIMIT = 1.1;

/** Holds the results against the promises. */
export function judge(results: readonly Result[]): Verdict[] {
  const find = (contest: string, tool: string): Result | undefined =>
    results.find((result) => result.contest === contest && result.tool === tool);
  const ours = find(BUILD, OURS.build);
  const best = find(BUILD, OURS.best);
  const mkfs = find(BUILD, PEER.build);
  const fsck = find(READ, PEER.extract);
  const extract = find(READ, OURS.extract);
  const check = find(READ, OURS.check);
  const start = find(START_UP, OURS.help);
  const small = (tool: string): number | undefined =>
    timeRatio(find(START_UP, tool), find(START_UP, PEER.node));
  return [
    atMost('build: time / mkfs.cramfs', timeRatio(ours, mkfs), BUILD_TIME_LIMIT),
    atMost('build: image size / mkfs.cramfs', sizeRatio(ours, mkfs), IMAGE_SIZE_LIMIT),
    atMost('build --best: time / mkfs.cramfs', timeRatio(best, mkfs), BEST_TIME_LIMIT),
    atMost('build --best: image size / mkfs.cramfs', sizeRatio(best, mkfs), BEST_SIZE_LIMIT),
    atMost(
      'build: peak memory less image size',
      memoryBeyondImage(ours),
      BUILD_MEMORY_LIMIT,
      'MiB',
    ),
    atMost(
      'build --cache: time with one file changed / first time',
      timeRatio(find(AGAIN, OURS.nextCached), find(AGAIN, OURS.firstCached)),
      AGAIN_TIME_LIMIT,
    ),
    atMost('build: growth exponent of time', growthExponent(results), GROWTH_LIMIT),
    atMost('extract: time / fsck.cramfs --extract', timeRatio(extract, fsck), EXTRACT_TIME_LIMIT),
    atMost('check: time / fsck.cramfs --extract', timeRatio(check, fsck), CHECK_TIME_LIMIT),
    atMost('start-up: cramfs --help', start?.median.wall, START_UP_LIMIT, 's'),
    atMost('small image: build / node -e 0', small(OURS.smallBuild), SMALL_BUILD_LIMIT),
    ...[OURS.info, OURS.ls, OURS.map, OURS.exec].map((tool) =>
      atMost(`small image: ${tool} / node -e 0`, small(tool), SMALL_READ_LIMIT),
    ),
  ];
}

/**
 * The exponent k of the power law time = c * bytes^k that fits our builds of all corpus sizes best
 * (least squares on logarithms); 1 is linear. Undefined with fewer than two sizes.
 */
export function growthExponent(results: readonly Result[]): number | undefined {
  const points = results
    .filter(({ contest, tool }) => contest.startsWith(BUILD) && tool === OURS.build)
    .map(({ bytes, median }) => [Math.log(bytes), Math.log(median.wall)] as const);
  if (points.length < 2) return undefined;
  const mean = (axis: 0 | 1): number =>
    points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return covariance / variance;
}

function atMost(target: string, measured: number | undefined, limit: number, unit = ''): Verdict {
  return {
    target,
    measured,
    limit,
    unit,
    pass: measured === undefined ? undefined : measured <= limit,
  };
}

function timeRatio(one: Result | undefined, other: Result | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one.median.wall / other.median.wall;
}

function sizeRatio(one: Result | undefined, other: Result | undefined): number | undefined {
  return one?.outputBytes === undefined || other?.outputBytes === undefined
    ? undefined
    : one.outputBytes / other.outputBytes;
}

function memoryBeyondImage(result: Result | undefined): number | undefined {
  return result?.outputBytes === undefined
    ? undefined
    : (result.median.peak - result.outputBytes) / MIB;
}
