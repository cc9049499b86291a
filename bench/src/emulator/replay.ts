import { readFileSync, readdirSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { openImage } from 'cramfs-reader';
import { nodeZlib } from 'cramfs-reader/node';
import { createWorld, parseScenario, runScenario } from 'xip-emu';
import { timed, type Timing } from './loops.js';

const FIXTURES = new URL('../../../test/fixtures/', import.meta.url);
const SUFFIX = '.json.gz';

/** How long it took; on a machine with nothing else to do `seconds` is at most `processorSeconds`. */
export interface ReplayTiming extends Timing {
  /** User and system time of all threads. */
  readonly processorSeconds: number;
}

/** Runs all scenarios of all recorded sets; that the records are equal is for the tests. */
export function replayRecords(): ReplayTiming {
  let operations = 0;
  const before = process.cpuUsage();
  const seconds = timed(() => {
    for (const name of readdirSync(new URL('kernel-records/', FIXTURES))) {
      if (name.endsWith(SUFFIX)) operations += replaySet(name.slice(0, -SUFFIX.length));
    }
  });
  const { user, system } = process.cpuUsage(before);
  return { operations, seconds, processorSeconds: (user + system) / 1e6 };
}

/** @param set for example `v3-mmu-fuzz-a`. @returns the number of scenarios. */
function replaySet(set: string): number {
  const image = set.endsWith('-a') ? 'fuzz-a' : 'basic';
  const bytes = unpack(`kernel-images/${image}.img.gz`);
  const world = createWorld(openImage(bytes, { zlib: nodeZlib }), {
    mmu: !set.startsWith('nommu'),
    policy: set.startsWith('v3-') ? 'linux-6.12-v3-vmasplit' : 'linux-6.12',
  });
  const text = new TextDecoder().decode(unpack(`kernel-records/${set}${SUFFIX}`));
  const scenarios = scenariosOf(JSON.parse(text));
  for (const scenario of scenarios) runScenario(parseScenario(scenario), world);
  return scenarios.length;
}

/** The scenarios of a recorded set; none where other things were recorded. */
function scenariosOf(set: unknown): string[] {
  if (!Array.isArray(set)) return [];
  return set.flatMap((recorded: { readonly scenario?: unknown }) =>
    typeof recorded.scenario === 'string' ? [recorded.scenario] : [],
  );
}

function unpack(path: string): Uint8Array {
  return gunzipSync(readFileSync(new URL(path, FIXTURES)));
}
