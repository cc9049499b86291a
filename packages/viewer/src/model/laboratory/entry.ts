import { nameToText } from 'cramfs-format';
import type { ScenarioRecord, TraceEvent } from 'xip-emu';

/** How a step ended. */
export type Outcome =
  /** A system call that failed with an errno. */
  | 'errno'
  | 'signal'
  /** The kernel would have corrupted itself: the machine has stopped. */
  | 'diagnosis'
  /**
   * It was not performed: the agent of the recorded kernels would not have done it, or its object does not
   * exist.
   */
  | 'skipped'
  /** It cannot be performed in a page, or is not in the language. */
  | 'refused'
  | 'ok';

/** One line of the log. */
export interface LabEntry {
  /** The statement. */
  readonly line: string;
  /** Number of the process that performed it. */
  readonly process: number;
  readonly outcome: Outcome;
  /** The fields of its records, in lines; or why it was refused. Printable. */
  readonly result: readonly string[];
  /** What the machine did meanwhile. */
  readonly events: readonly LabEvent[];
  /** Events that are left out because there are too many. */
  readonly moreEvents: number;
}

/** An event of the machine, with printable texts for byte strings. */
export type LabEvent = TraceEvent;

/** More are counted, not listed. */
export const MOST_EVENTS = 100;

/** Fields of a record with places of their own. */
const HEAD = new Set(['n', 'p', 'op', 'cmd']);
/** Answers of the agent that are not an errno. */
const SKIPS: ReadonlySet<string> = new Set(['nommu', 'no-such-id']);

export function outcomeOf(records: readonly ScenarioRecord[]): Outcome {
  const last = records.at(-1);
  if (last === undefined) return 'skipped';
  if (last['op'] === 'diagnosis') return 'diagnosis';
  const { ret, status } = last;
  if (typeof status === 'string' && status.startsWith('signal:')) return 'signal';
  if (typeof ret !== 'string' || ret === 'ok') return 'ok';
  if (ret.startsWith('SIG')) return 'signal';
  return SKIPS.has(ret) || ret.startsWith('skip-') ? 'skipped' : 'errno';
}

/** Returns the content of records in lines: one for each area and each file of a list. */
export function resultLines(records: readonly ScenarioRecord[]): string[] {
  return records.flatMap(recordLines);
}

function recordLines(record: ScenarioRecord): string[] {
  const { vmas, pages, all, entries, op } = record;
  if (Array.isArray(vmas)) return vmas.length === 0 ? ['no areas'] : vmas.map(fieldsText);
  if (Array.isArray(pages) && op === 'pages') return [pages.map(valueText).join(' ')];
  if (Array.isArray(entries)) return [valueText(record['ret']), ...entries.map(fieldsText)];
  if (isObject(all)) return Object.entries(all).map(([id, value]) => `${id}: ${listText(value)}`);
  const { ret, ...others } = record;
  const fields = ret === undefined ? others : { ret, ...others };
  const rest = Object.entries(fields).filter(([key]) => !HEAD.has(key));
  return [
    rest.map(([key, value]) => (key === 'ret' ? valueText(value) : field(key, value))).join(' '),
  ];
}

function listText(value: unknown): string {
  return Array.isArray(value) ? value.map(valueText).join(' ') : valueText(value);
}

function fieldsText(value: unknown): string {
  if (!isObject(value)) return valueText(value);
  const { start, end, ...rest } = value;
  const range = start === undefined ? [] : [`${valueText(start)}-${valueText(end)}`];
  return [...range, ...Object.entries(rest).map(([key, of]) => field(key, of))].join(' ');
}

function field(key: string, value: unknown): string {
  const shown = valueText(value);
  return `${key}=${/^[^\s"]+$/.test(shown) ? shown : JSON.stringify(shown)}`;
}

function valueText(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** The event as a page can show it. */
export function printableEvent(event: TraceEvent): LabEvent {
  if (!('path' in event) || event.path === undefined) return event;
  return { ...event, path: nameToText(event.path) };
}
