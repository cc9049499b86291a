import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { runPathCalls, type OverlaySetup, type PathCall } from '../helpers/path-calls.js';

/** Random calls on an overlay of two tmpfs, and what Linux gave; see test/fixtures/kernel-records. */
interface RecordedSet extends OverlaySetup {
  readonly name: string;
  readonly sequences: readonly {
    readonly calls: readonly PathCall[];
    readonly results: readonly unknown[];
  }[];
}

const url = new URL('../fixtures/kernel-records/overlay-paths.json.gz', import.meta.url);
const sets = JSON.parse(
  new TextDecoder().decode(gunzipSync(readFileSync(url))),
) as readonly RecordedSet[];

describe.each(sets)('overlayfs, $name: path operations as Linux has answered them', (set) => {
  test.each(set.sequences.map((sequence, index) => ({ index, ...sequence })))(
    'sequence $index',
    ({ calls, results }) => {
      const actual = runPathCalls(set, calls);
      const at = results.findIndex(
        (result, index) => JSON.stringify(result) !== JSON.stringify(actual[index]),
      );
      expect(
        at < 0 ? '' : `${JSON.stringify(calls[at] ?? 'tree')}: ${JSON.stringify(actual[at])}`,
      ).toBe(at < 0 ? '' : JSON.stringify(results[at]));
    },
  );
});
