import type { FromWorker, Problem, ToWorker } from '../worker/protocol.js';
import type { Answer, Parameters, RequestName } from '../worker/requests.js';

/** An error of the worker. */
export class WorkerProblem extends Error {
  override readonly name = 'WorkerProblem';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

export interface AskOptions {
  /** Abort this when the answer is no longer needed; the promise then never settles. */
  readonly signal?: AbortSignal | undefined;
  /** Memory that is transferred to the worker, not copied. */
  readonly transfer?: readonly ArrayBuffer[] | undefined;
}

export type Ask = <Name extends RequestName>(
  name: Name,
  parameters: Parameters<Name>,
  options?: AskOptions,
) => Promise<Answer<Name>>;

/** Starts the worker, whose code is UTF-8; returns a function that asks it. */
export function startWorker(code: Uint8Array<ArrayBuffer>): Ask {
  const address = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  const worker = new Worker(address);
  const waiting = new Map<number, Waiting>();
  let last = 0;

  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    const asker = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.kind === 'answer') asker?.resolve(data.value as never);
    else asker?.reject(new WorkerProblem(data.problem));
  };
  worker.onerror = ({ message }) => {
    const problem = { message, code: undefined, offset: undefined, path: undefined };
    for (const { reject } of waiting.values()) reject(new WorkerProblem(problem));
    waiting.clear();
  };

  return (name, parameters, { signal, transfer = [] } = {}) => {
    const id = (last += 1);
    const message: ToWorker = { kind: 'ask', id, name, parameters };
    worker.postMessage(message, [...transfer]);
    signal?.addEventListener('abort', () => {
      if (!waiting.delete(id)) return;
      worker.postMessage({ kind: 'cancel', id } satisfies ToWorker);
    });
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  };
}
