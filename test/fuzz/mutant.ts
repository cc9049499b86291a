import type { Seed } from './corpus.js';
import { Draft } from './draft.js';
import { MUTATIONS, type Mutation } from './mutations.js';
import { Random } from './random.js';

export interface Mutant {
  readonly index: number;
  readonly seed: Seed;
  /** Names of the mutations, in order. */
  readonly steps: readonly string[];
  readonly bytes: Uint8Array;
  /** For further choices, such as of options: the same for the same mutant. */
  readonly random: Random;
}

const MAX_STEPS = 5;
const LOTS: readonly Mutation[] = MUTATIONS.flatMap((mutation) =>
  new Array<Mutation>(mutation.weight).fill(mutation),
);

/** Mutant `index` of a run: a function of its arguments alone. */
export function makeMutant(corpus: readonly Seed[], run: number, index: number): Mutant {
  const random = new Random(run, index);
  const seed = random.pick(corpus);
  const draft = new Draft(seed, corpus, random);
  const steps: string[] = [];
  // One change is more likely than five, because mutants with many changes are refused early.
  const count = 1 + Math.min(random.below(MAX_STEPS), random.below(MAX_STEPS));
  for (let step = 0; step < count; step += 1) {
    const mutation = random.pick(LOTS);
    mutation.apply(draft);
    steps.push(mutation.name);
  }
  if (random.oneIn(2)) {
    draft.fixCrc();
    steps.push('fix-crc');
  }
  return { index, seed, steps, bytes: draft.bytes, random };
}
