import { parentPort } from 'node:worker_threads';
import { KnownPacks } from './known-packs.js';
import { lookUp, memoryOf } from './look-up.js';
import type { LookUpMessage } from './look-up-thread.js';

/* What a LookUpThread runs. All memory of a batch is moved here and back, not copied. */

const port = parentPort!;
const packs = new Map<string, KnownPacks>();

port.on('message', ({ task: { base, batch } }: LookUpMessage) => {
  const known = packs.get(base) ?? new KnownPacks(base);
  packs.set(base, known);
  const looked = lookUp(batch, known);
  port.postMessage(looked, memoryOf(looked) as ArrayBuffer[]);
});
