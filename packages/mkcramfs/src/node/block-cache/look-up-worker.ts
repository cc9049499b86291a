import { BatchReader } from '../batch-reader.js';
import { answerQuestions } from '../worker-thread.js';
import { KnownPacks } from './known-packs.js';
import { lookUp, memoryOf, type LookUpQuestion, type LookedUp } from './look-up.js';

/* What looks blocks up on a thread of its own. The memory of a batch is moved here and back, not copied. */

const packs = new Map<string, KnownPacks>();
const reader = new BatchReader();

answerQuestions<LookedUp>((question) => {
  const { base, batch } = question as LookUpQuestion;
  const known = packs.get(base) ?? new KnownPacks(base);
  packs.set(base, known);
  const answer = lookUp(batch, known, reader);
  return { answer, memory: memoryOf(answer) };
});
