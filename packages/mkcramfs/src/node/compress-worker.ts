import type { BlockBatch, CompressedBatch } from '../block-batch.js';
import { compressUnread } from './compress-unread.js';
import { answerQuestions } from './worker-thread.js';

/* What a thread of a workerCompressor() runs. All memory of a batch is moved here and back, not copied. */

answerQuestions<CompressedBatch>(async (batch) => {
  const answer = await compressUnread(batch as BlockBatch);
  return { answer, memory: [answer.data.buffer, ...answer.spent] };
});
