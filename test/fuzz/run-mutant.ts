import { isCramfsError } from 'cramfs-format';
import type { Mutant } from './mutant.js';
import type { Stage } from './stages.js';
import type { Subject } from './subject.js';
import type { Tally } from './tally.js';

export interface Failure {
  readonly index: number;
  /** Where it happened, or `time`, `memory`, `hang` or `crash`. */
  readonly stage: string;
  readonly message: string;
  readonly seed: string;
  readonly steps: readonly string[];
}

/** CPU time that all stages together may take for one mutant, in microseconds. */
const MAX_CPU_TIME = 1_000_000;
/** Resident bytes that the whole process may ever have. */
const MAX_RESIDENT = 1 << 30;

/** Puts a mutant through all stages. */
export async function runMutant(
  mutant: Mutant,
  stages: readonly Stage[],
  tally: Tally,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  const fail = (stage: string, message: string): void => {
    failures.push({
      index: mutant.index,
      stage,
      message,
      seed: mutant.seed.name,
      steps: mutant.steps,
    });
  };
  const subject: Subject = {
    mutant,
    bytes: mutant.bytes,
    tally,
    offset: 0,
    image: undefined,
    entries: [],
    walksCleanly: false,
    readError: undefined,
    contents: new Map(),
  };
  const times: [stage: string, microseconds: number][] = [];
  for (const stage of stages) {
    if (subject.image === undefined && stage.always !== true) continue;
    const before = process.cpuUsage();
    try {
      // Stages that need an image are not run without one.
      await stage.run(subject, subject.image!);
    } catch (error) {
      if (isCramfsError(error)) tally.count(`${stage.name} ${error.code}`);
      else
        fail(stage.name, error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    const { user, system } = process.cpuUsage(before);
    times.push([stage.name, user + system]);
  }
  const total = times.reduce((sum, [, time]) => sum + time, 0);
  if (total > MAX_CPU_TIME) {
    const parts = times.map(([name, time]) => `${name} ${Math.round(time / 1000)} ms`);
    fail('time', parts.join(', '));
  }
  const resident = process.memoryUsage.rss();
  if (resident > MAX_RESIDENT) fail('memory', `${resident} bytes resident`);
  tally.count('mutants');
  return failures;
}
