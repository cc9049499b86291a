import { readBatch } from '../read-batch.js';
import { answerQuestions } from '../worker-thread.js';
import { KnownPacks } from './known-packs.js';
import { lookUp, memoryOf, type LookUpQuestion, type LookedUp } from './look-up.js';

/* What looks blocks up on a thread of its own. All memory of a batch is moved here and back, not copied. */

const packs = new Map<string, KnownPacks>();

answerQuestions<LookUpQuestion, LookedUp>(({ base, batch }) => {
  const known = packs.get(base) ?? new KnownPacks(base);
  packs.set(base, known);
  const answer = lookUp(readBatch(batch), known);
  return { answer, memory: memoryOf(answer) };
});
