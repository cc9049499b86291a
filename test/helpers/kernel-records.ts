import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** What a kernel did in one scenario; see test/fixtures/kernel-records/README.md. */
export interface RecordedScenario {
  readonly name: string;
  /** Source text. */
  readonly scenario: string;
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

/** The scenarios of a set, such as `nommu-basic`. */
export function recordedScenarios(set: string): RecordedScenario[] {
  const url = new URL(`../fixtures/kernel-records/${set}.json.gz`, import.meta.url);
  return JSON.parse(new TextDecoder().decode(gunzipSync(readFileSync(url)))) as RecordedScenario[];
}
