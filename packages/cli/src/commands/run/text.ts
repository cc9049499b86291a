import type { ScenarioRecord } from 'xip-emu';
import { printable } from '../../shell/report-error.js';
import type { Look } from '../../render/look.js';
import { renderTable, type Column } from '../../render/table.js';

const COLUMNS: readonly Column[] = [
  { title: 'LINE', align: 'right' },
  { title: 'PROCESS', align: 'right' },
  { title: 'COMMAND', fit: 'wrap' },
  { title: 'RESULT', fit: 'wrap' },
];

/** Fields with columns of their own. */
const HEAD = new Set(['n', 'p', 'op', 'cmd']);

/** Records for people: a line each, and one for each area and each run of pages. */
export function recordTable(records: readonly ScenarioRecord[], look: Look): string {
  return renderTable(COLUMNS, records.flatMap(recordRows), look);
}

function recordRows(record: ScenarioRecord): string[][] {
  const { n, p, op, cmd } = record;
  const [first = '', ...more] = resultLines(record);
  return [
    [text(n), text(p), printable(text(cmd ?? op)), printable(first)],
    ...more.map((line) => ['', '', '', printable(line)]),
  ];
}

function resultLines(record: ScenarioRecord): string[] {
  const { vmas, pages, all, entries } = record;
  if (Array.isArray(vmas)) return vmas.length === 0 ? ['no areas'] : vmas.map(fieldsText);
  if (Array.isArray(pages) && record['op'] === 'pages') return [pages.map(text).join(' ')];
  if (Array.isArray(entries)) return [text(record['ret']), ...entries.map(fieldsText)];
  if (isObject(all)) {
    return Object.entries(all).map(
      ([id, value]) => `${id}: ${Array.isArray(value) ? value.map(text).join(' ') : text(value)}`,
    );
  }
  const rest = Object.entries(record).filter(([key]) => !HEAD.has(key));
  return [rest.map(([key, value]) => (key === 'ret' ? text(value) : field(key, value))).join(' ')];
}

function fieldsText(value: unknown): string {
  if (!isObject(value)) return text(value);
  const { start, end, ...rest } = value;
  const range = start === undefined ? [] : [`${text(start)}-${text(end)}`];
  return [...range, ...Object.entries(rest).map(([key, of]) => field(key, of))].join(' ');
}

function field(key: string, value: unknown): string {
  const shown = text(value);
  return `${key}=${/^[^\s"]+$/.test(shown) ? shown : JSON.stringify(shown)}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function text(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
