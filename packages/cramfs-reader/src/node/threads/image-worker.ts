import { parentPort } from 'node:worker_threads';
import { writeShares } from '../extract/file-share.js';
import { inflateShares } from '../inflate-share.js';
import type { FromThread, ThreadTask, ToThread } from './messages.js';
import { raise, takeItems } from './share.js';

/** Does an item of a share. */
type DoItem = (share: never, item: number) => unknown;

/** The tasks of threads, by name. Each prepares itself with an image and settings. */
const WORK: Readonly<Record<string, (image: Uint8Array, settings: never) => Promise<DoItem>>> = {
  inflate: inflateShares,
  write: writeShares,
};

const port = parentPort!;

/** The task in progress. */
let task: ThreadTask | undefined;
let doItem: DoItem | undefined;

async function handle(message: ToThread): Promise<void> {
  if ('task' in message) {
    task = message.task;
    doItem = await WORK[task.name]!(task.image, task.settings as never);
  } else if ('share' in message) {
    for (const item of takeItems(message.share, task!.stopped)) {
      say({ index: message.index, item, result: doItem!(message.share as never, item) });
    }
  } else {
    say({ ended: true });
  }
}

function say(message: FromThread): void {
  port.postMessage(message);
}

/** Handles one message after the other, even if the first one waits for a module. */
let handled = Promise.resolve();
port.on('message', (message: ToThread) => {
  handled = handled
    .then(() => handle(message))
    .catch((error: unknown) => {
      if (task !== undefined) raise(task.stopped);
      say({ error });
    });
});
