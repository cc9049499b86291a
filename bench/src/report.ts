import { availableParallelism, cpus, release, totalmem } from 'node:os';
import type { Result } from './contest.js';
import { PEER } from './contests.js';
import { MIB, type Corpus } from './corpus.js';
import type { Verdict } from './targets.js';
import { PEER_NAMES, peerVersion } from './tools.js';

const REFERENCES: readonly string[] = [PEER.build, PEER.extract, PEER.node];

/** Everything that was measured, as `--json` writes it. Times in seconds, sizes in bytes. */
export interface Report {
  readonly machine: Record<string, string | number>;
  readonly tools: Record<string, string | null>;
  readonly corpus: Record<string, number>;
  readonly results: readonly Result[];
  readonly targets: readonly Verdict[];
}

/** @param loadBefore the machine's load average before the first run: of other people's work. */
export function makeReport(
  loadBefore: number,
  corpus: Corpus,
  results: readonly Result[],
  targets: readonly Verdict[],
): Report {
  return {
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      processors: availableParallelism(),
      memory: totalmem(),
      linux: release(),
      node: process.version,
      loadBefore,
    },
    tools: Object.fromEntries(PEER_NAMES.map((name) => [name, peerVersion(name) ?? null])),
    corpus: { files: corpus.files, bytes: corpus.bytes, ...Object.fromEntries(corpus.bytesByKind) },
    results,
    targets,
  };
}

/** The report as text for people. */
export function formatReport({ machine, tools, corpus, results, targets }: Report): string {
  const heading = [
    `${machine['cpu']}, ${machine['processors']} processors, node ${machine['node']}, Linux ${machine['linux']}`,
    `load average before: ${machine['loadBefore']}`,
    ...Object.entries(tools).map(([name, version]) => `${name}: ${version ?? 'not installed'}`),
    `corpus: ${Object.entries(corpus)
      .map(([name, count]) => `${name} ${name === 'files' ? count : mib(count)}`)
      .join(', ')}`,
  ];
  const rows = results.map((result) => {
    const reference = referenceOf(result, results);
    const { wall, cpu, peak } = result.median;
    const { outputBytes } = result;
    return [
      result.contest,
      result.tool,
      wall.toFixed(3),
      reference === undefined ? '' : (wall / reference.median.wall).toFixed(3),
      cpu.toFixed(2),
      result.bytes === 0 ? '' : (result.bytes / MIB / wall).toFixed(1),
      mib(peak),
      outputBytes === undefined ? '' : String(outputBytes),
      outputBytes === undefined || reference?.outputBytes === undefined
        ? ''
        : (outputBytes / reference.outputBytes).toFixed(4),
    ];
  });
  const verdicts = targets.map(({ target, measured, limit, unit, pass }) => [
    target,
    measured === undefined ? '' : measured.toFixed(3),
    `<= ${limit}`,
    unit,
    pass === undefined ? 'not measured' : pass ? 'pass' : 'FAIL',
  ]);
  return [
    ...heading,
    '',
    ...table(
      ['task', 'tool', 'wall s', 'ratio', 'cpu s', 'MiB/s', 'peak', 'image bytes', 'ratio'],
      rows,
    ),
    '',
    ...table(['target', 'measured', 'limit', 'unit', 'verdict'], verdicts),
    '',
  ].join('\n');
}

/** What the ratios of a contest refer to: the C tool with the same task, or Node.js with none. */
function referenceOf({ contest }: Result, results: readonly Result[]): Result | undefined {
  return results.find((other) => other.contest === contest && REFERENCES.includes(other.tool));
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

/** Columns as wide as they need to be; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)));
  return lines.map((cells) =>
    cells
      .map((cell, column) =>
        /^[\d.]+( MiB)?$/.test(cell)
          ? cell.padStart(widths[column]!)
          : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
}
