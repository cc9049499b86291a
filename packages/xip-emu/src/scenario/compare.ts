import type { ScenarioRecord } from './run.js';

/** Where two record files differ first. */
export interface Difference {
  /** Index of the record. */
  readonly index: number;
  /** Keys and indexes that lead to the value, such as `vmas.2.flags`. */
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
  /** The command, for the reader. */
  readonly cmd: string;
}

/** The first difference between what a kernel recorded and what came out, if there is one. */
export function firstDifference(
  expected: readonly ScenarioRecord[],
  actual: readonly ScenarioRecord[],
): Difference | undefined {
  const length = Math.max(expected.length, actual.length);
  for (let index = 0; index < length; index += 1) {
    const found = differenceOf(expected[index], actual[index], []);
    if (found === undefined) continue;
    const { n, cmd } = expected[index] ?? actual[index] ?? {};
    return { index, cmd: `${String(n)}: ${String(cmd)}`, ...found };
  }
  return undefined;
}

/** What a program's own records say about memory that depends on its code. */
const CODE_DEPENDENT = ['pages', 'rss', 'an'];

/**
 * The records without what only a machine that runs the programs could give: of the x-... records
 * the memory at the start is left, without its pages.
 */
export function withoutProgramState(records: readonly ScenarioRecord[]): ScenarioRecord[] {
  return records
    .filter(({ op, when }) => op !== 'x-check' && (op !== 'x-maps' || when === 'start'))
    .map((record) =>
      record['op'] === 'x-maps'
        ? Object.fromEntries(
            Object.entries(record).filter(([key]) => !CODE_DEPENDENT.includes(key)),
          )
        : record,
    );
}

function differenceOf(
  expected: unknown,
  actual: unknown,
  path: readonly string[],
): Pick<Difference, 'path' | 'expected' | 'actual'> | undefined {
  if (Object.is(expected, actual)) return undefined;
  if (!isObject(expected) || !isObject(actual)) {
    return { path: path.join('.'), expected, actual };
  }
  const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  for (const key of keys) {
    const found = differenceOf(expected[key], actual[key], [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** A difference in a few lines. */
export function formatDifference({ cmd, path, expected, actual }: Difference): string {
  return `${cmd}\n  ${path}\n  kernel:   ${JSON.stringify(expected)}\n  emulator: ${JSON.stringify(actual)}`;
}
