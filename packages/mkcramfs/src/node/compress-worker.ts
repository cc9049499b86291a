import type { BlockBatch, CompressedBatch } from '../block-batch.js';
import { compressBatch } from '../codec.js';
import { readBatch } from './read-batch.js';
import { answerQuestions } from './worker-thread.js';

/* What a thread of a workerCompressor() runs. All memory of a batch is moved here and back, not copied. */

answerQuestions<BlockBatch, CompressedBatch>(async (batch) => {
  const answer = await compressBatch(readBatch(batch));
  return { answer, memory: [answer.data.buffer, ...answer.spent] };
});
