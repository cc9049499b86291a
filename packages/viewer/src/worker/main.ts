import { messagesFirst } from './pause.js';
import { problemOf, type FromWorker, type ToWorker } from './protocol.js';
import { REQUESTS } from './requests.js';
import { Workspace } from './workspace.js';

/*
 * The Web Worker. It owns the images and answers requests in order; one that is cancelled before its turn is
 * skipped. Long requests make pauses (pause.ts), in which others are answered.
 */

/** The parts of a DedicatedWorkerGlobalScope used here; its own types exclude those of the page. */
interface WorkerScope {
  postMessage(message: FromWorker): void;
  onmessage: ((event: { readonly data: ToWorker }) => void) | null;
}

const scope = globalThis as unknown as WorkerScope;
const workspace = new Workspace();
const waiting = new Map<number, Extract<ToWorker, { kind: 'ask' }>>();
let running = false;

async function answer({ id, name, parameters }: Extract<ToWorker, { kind: 'ask' }>): Promise<void> {
  try {
    const handler = REQUESTS[name] as (workspace: Workspace, parameters: unknown) => unknown;
    scope.postMessage({ kind: 'answer', id, value: await handler(workspace, parameters) });
  } catch (error) {
    scope.postMessage({ kind: 'problem', id, problem: problemOf(error) });
  }
}

async function work(): Promise<void> {
  if (running) return;
  running = true;
  for (;;) {
    await messagesFirst();
    const next = waiting.values().next().value;
    if (next === undefined) break;
    waiting.delete(next.id);
    void answer(next);
  }
  running = false;
}

scope.onmessage = ({ data }) => {
  if (data.kind === 'cancel') {
    waiting.delete(data.id);
    return;
  }
  waiting.set(data.id, data);
  void work();
};
