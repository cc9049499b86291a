import type { ScenarioRecord } from './run.js';

/** Where two record files differ first. */
export interface Difference {
  /** Index of the record. */
  readonly index: number;
  /** Keys and indexes that lead to the value, such as `vmas.2.flags`. */
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
  /**
   * Line of the scenario that the record is about, or the last record before it that has a line.
   */
  readonly line: number | undefined;
  /** The text of that line; if the record has no line of its own, also its `op`. */
  readonly cmd: string;
}

/**
 * The first difference that says something about the emulator, if there is one. It ignores what
 * {@link withoutProgramState} and {@link withoutOwnSplits} leave out. Where the emulator stopped
 * with a diagnosis, it ignores what the kernel recorded from there on: that kernel had corrupted
 * itself. A kernel that died may not have recorded all that it had done.
 */
export function compareRecords(
  expected: readonly ScenarioRecord[],
  actual: readonly ScenarioRecord[],
): Difference | undefined {
  const got = withoutProgramState(actual);
  const wanted = withoutOwnSplits(withoutProgramState(expected), got);
  if (!isDiagnosis(got.at(-1))) return firstDifference(wanted, got);
  const told = wanted.at(-1)?.['op'] === 'scenario-end' ? wanted.length - 1 : wanted.length;
  const common = Math.min(told, got.length - 1);
  return firstDifference(wanted.slice(0, common), got.slice(0, common));
}

/** True for the last record of a scenario in which the kernel would corrupt itself. */
export function isDiagnosis(record: ScenarioRecord | undefined): boolean {
  return record?.['op'] === 'diagnosis';
}

/** The first difference between a kernel's records and the emulator's, if there is one. */
export function firstDifference(
  expected: readonly ScenarioRecord[],
  actual: readonly ScenarioRecord[],
): Difference | undefined {
  const length = Math.max(expected.length, actual.length);
  let line: number | undefined;
  let command = '';
  for (let index = 0; index < length; index += 1) {
    const record = expected[index] ?? actual[index];
    const { n, cmd, op } = record ?? {};
    if (typeof n === 'number') {
      line = n;
      command = String(cmd);
    }
    const found = differenceOf(expected[index], actual[index], []);
    if (found === undefined) continue;
    const what = typeof n === 'number' ? command : `${command} (${String(op)})`;
    return { index, line, cmd: what, ...found };
  }
  return undefined;
}

/** The fields of a program's own records about memory that depend on its code. */
const CODE_DEPENDENT = ['pages', 'rss', 'an'];

/**
 * The records without what only a machine that runs the programs could give: the x-... records keep
 * the memory at the start, without its pages.
 */
function withoutProgramState(records: readonly ScenarioRecord[]): ScenarioRecord[] {
  const left: ScenarioRecord[] = [];
  for (const record of records) {
    const { op, when } = record;
    if (op !== 'x-maps') {
      if (op !== 'x-check') left.push(record);
    } else if (when === 'start') {
      const area = Object.fromEntries(
        Object.entries(record).filter(([key]) => !CODE_DEPENDENT.includes(key)),
      );
      left.push(area);
    }
  }
  return left;
}

/**
 * The records of a kernel without the splits that a program's own first accesses have caused under
 * the v3 patch: its code has run before it prints its memory. Joins only areas that would be one
 * without that code.
 */
function withoutOwnSplits(
  expected: readonly ScenarioRecord[],
  actual: readonly ScenarioRecord[],
): ScenarioRecord[] {
  const left: ScenarioRecord[] = [];
  for (const record of expected) {
    const lower = left.at(-1);
    const isOneArea = actual[left.length - 1]?.['end'] === record['end'];
    if (lower !== undefined && isOneArea && isSplit(lower, record)) {
      left[left.length - 1] = { ...lower, end: record['end'] };
    } else {
      left.push(record);
    }
  }
  return left;
}

/**
 * True for the halves of one area that the fault handler of the v3 patch has split: the lower one
 * is all of ROM, the upper an ordinary one but for VM_DONTDUMP, which the patch forgets. (Mainline
 * has no such upper halves.)
 */
function isSplit(lower: ScenarioRecord, upper: ScenarioRecord): boolean {
  return (
    lower['op'] === 'x-maps' &&
    upper['op'] === 'x-maps' &&
    lower['end'] === upper['start'] &&
    lower['path'] === upper['path'] &&
    lower['perms'] === upper['perms'] &&
    hasFlag(lower, 'pf') &&
    hasFlag(upper, 'dd') &&
    !hasFlag(upper, 'pf')
  );
}

function hasFlag({ flags }: ScenarioRecord, letters: string): boolean {
  return typeof flags === 'string' && flags.split(' ').includes(letters);
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
export function formatDifference(difference: Difference): string {
  const { line, cmd, path, expected, actual } = difference;
  return [
    `line ${line ?? '?'}: ${cmd}`,
    `  field:    ${path === '' ? '(the whole record)' : path}`,
    `  expected: ${valueText(expected)}`,
    `  got:      ${valueText(actual)}`,
  ].join('\n');
}

function valueText(value: unknown): string {
  return value === undefined ? '(nothing)' : JSON.stringify(value);
}
