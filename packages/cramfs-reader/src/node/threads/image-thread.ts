import type { Worker } from 'node:worker_threads';
import type { FromThread, ToThread } from './messages.js';
import { startWorker } from './worker-file.js';

/** Who a thread works for. */
export interface ThreadUser {
  answer(message: FromThread): void;
  /** The thread has died, or never lived. */
  died(error: Error): void;
}

/** What {@link ThreadUser} sees of a thread. */
export interface Thread {
  /** To be called before anything is said to it. */
  use(user: ThreadUser): void;
  release(): void;
  say(message: ToThread): void;
}

/** A worker thread that works on images, for one user at a time. */
export class ImageThread implements Thread {
  private readonly worker: Worker;
  private user: ThreadUser | undefined;
  private death: Error | undefined;

  /** It starts while the caller goes on, and finds what has been said to it meanwhile. */
  constructor() {
    this.worker = startWorker();
    this.worker.on('message', (message: FromThread) => this.user?.answer(message));
    this.worker.on('error', (error: Error) => {
      this.die(error);
    });
    this.worker.on('exit', (code) => {
      this.die(new Error(`worker exited with code ${code}`));
    });
    // Nobody need wait for a thread that does nothing.
    this.worker.unref();
  }

  use(user: ThreadUser): void {
    this.user = user;
    if (this.death === undefined) this.worker.ref();
    else user.died(this.death);
  }

  release(): void {
    this.user = undefined;
    this.worker.unref();
  }

  say(message: ToThread): void {
    this.worker.postMessage(message);
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  /** Of more than one reason, the first is the one that says most. */
  private die(error: Error): void {
    if (this.death !== undefined) return;
    this.death = error;
    this.user?.died(error);
  }
}
