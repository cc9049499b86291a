import type { Worker } from 'node:worker_threads';
import type { BlockBatch } from '../../block-batch.js';
import { startLookUpWorker } from './look-up-worker-file.js';
import type { LookedUp } from './look-up.js';

/** What the thread is told: which packs to look in, for what. */
export interface LookUpMessage {
  readonly task: { readonly base: string; readonly batch: BlockBatch };
}

interface Asked {
  readonly resolve: (looked: LookedUp) => void;
  readonly reject: (error: Error) => void;
}

/** A thread that hashes blocks and looks for them, while the calling one reads files and writes the image. */
export class LookUpThread {
  private readonly worker: Worker;
  /** It answers in the order of the questions. */
  private readonly asked: Asked[] = [];
  private death: Error | undefined;

  /** It starts while the caller goes on, and finds what it has been asked meanwhile. */
  constructor() {
    this.worker = startLookUpWorker();
    this.worker.on('message', (looked: LookedUp) => {
      this.asked.shift()?.resolve(looked);
    });
    this.worker.on('error', (error: Error) => {
      this.die(error);
    });
    this.worker.on('exit', (code) => {
      this.die(new Error(`worker exited with code ${code}`));
    });
  }

  /**
   * Takes ownership of the memory of a batch, and gives it back with the answer.
   *
   * @param base what the paths of the packs start with.
   * @throws the reason why the thread has died.
   */
  lookUp(base: string, batch: BlockBatch): Promise<LookedUp> {
    return new Promise((resolve, reject) => {
      if (this.death !== undefined) {
        reject(this.death);
        return;
      }
      const { data, room } = batch;
      const message: LookUpMessage = { task: { base, batch } };
      const buffers = room === undefined ? [data.buffer] : [data.buffer, room.buffer];
      this.worker.postMessage(message, buffers as ArrayBuffer[]);
      this.asked.push({ resolve, reject });
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  /** Of more than one reason, the first is the one that says most. */
  private die(error: Error): void {
    this.death ??= error;
    for (const { reject } of this.asked.splice(0)) reject(this.death);
  }
}
