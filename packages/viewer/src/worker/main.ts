import { messagesFirst } from './pause.js';
import { problemOf, type FromWorker, type ToWorker } from './protocol.js';
import { REQUESTS } from './requests.js';
import { Workspace } from './workspace.js';

/*
 * The Web Worker. It owns the images and answers requests in order; one that is cancelled before its turn is
 * skipped. Long requests are worked on in slices (slices.ts), between which others are answered.
 */

/** The parts of a DedicatedWorkerGlobalScope used here; its own types exclude those of the page. */
interface WorkerScope {
  postMessage(message: FromWorker): void;
  onmessage: ((event: { readonly data: ToWorker }) => void) | null;
}

const scope = globalThis as unknown as WorkerScope;
const workspace = new Workspace();
const waiting = new Map<number, Extract<ToWorker, { kind: 'ask' }>>();
/** Requests that are being answered. */
const started = new Map<number, AbortController>();
let running = false;

async function answer({ id, name, parameters }: Extract<ToWorker, { kind: 'ask' }>): Promise<void> {
  const handler = REQUESTS[name] as (
    workspace: Workspace,
    parameters: unknown,
    signal: AbortSignal,
  ) => unknown;
  const controller = new AbortController();
  const { signal } = controller;
  started.set(id, controller);
  try {
    const value = await handler(workspace, parameters, signal);
    if (!signal.aborted) scope.postMessage({ kind: 'answer', id, value });
  } catch (error) {
    if (!signal.aborted) scope.postMessage({ kind: 'problem', id, problem: problemOf(error) });
  } finally {
    started.delete(id);
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
    started.get(data.id)?.abort();
    return;
  }
  waiting.set(data.id, data);
  void work();
};
