import type { ScenarioRecord } from './run.js';
import { ScenarioError } from './scenario-error.js';

/** Records as text: one JSON object per line. */
export function formatRecords(records: readonly ScenarioRecord[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}

/** Reads what {@link formatRecords} writes. @throws ScenarioError for a line that is not a record. */
export function parseRecords(text: string): ScenarioRecord[] {
  const records: ScenarioRecord[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() !== '') records.push(parseRecord(line, index + 1));
  }
  return records;
}

function parseRecord(line: string, number: number): ScenarioRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ScenarioError(number, 'not a record: a JSON object on one line');
  }
  return value as ScenarioRecord;
}
