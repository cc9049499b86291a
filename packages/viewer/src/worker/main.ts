import { problemOf, type FromWorker, type ToWorker } from './protocol.js';
import { REQUESTS } from './requests.js';
import { Workspace } from './workspace.js';

/*
 * The Web Worker. It owns the images and answers one request after the other; a request that is
 * cancelled before its turn is never looked at.
 */

/** What this file uses of a DedicatedWorkerGlobalScope, whose types exclude those of the page. */
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

/** Lets messages in between two requests, so that cancelling works. */
function messagesFirst(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

async function work(): Promise<void> {
  if (running) return;
  running = true;
  for (;;) {
    await messagesFirst();
    const next = waiting.values().next().value;
    if (next === undefined) break;
    waiting.delete(next.id);
    await answer(next);
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
