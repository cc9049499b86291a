import type { Worker } from 'node:worker_threads';
import { onDeath } from 'cramfs-archive/node';
import type { FromThread, ToThread } from './messages.js';
import { startWorker } from './worker-file.js';

/** The user of a thread. */
export interface ThreadUser {
  answer(message: FromThread): void;
  /** Called if the thread has died, or has not started. */
  died(error: Error): void;
}

/** A thread as a {@link ThreadUser} sees it. */
export interface Thread {
  /** Must be called before any message is sent. */
  use(user: ThreadUser): void;
  release(): void;
  say(message: ToThread): void;
}

/** A worker thread that works on images, for one user at a time. */
export class ImageThread implements Thread {
  private readonly worker: Worker;
  private user: ThreadUser | undefined;
  private death: Error | undefined;

  /** It starts while the caller continues, and then receives the messages sent meanwhile. */
  constructor() {
    this.worker = startWorker();
    this.worker.on('message', (message: FromThread) => this.user?.answer(message));
    onDeath(this.worker, (reason) => {
      this.death = reason;
      this.user?.died(reason);
    });
    // An idle thread does not keep the process alive.
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
}
