import { useLayoutEffect, useState } from 'preact/hooks';
import type { Problem } from '../worker/protocol.js';
import type { Answer, Parameters, RequestName } from '../worker/requests.js';
import { WorkerProblem, type Ask } from './ask.js';

/** The state of an answer. While another one is made, the last one stays. */
export interface Answered<T> {
  readonly value: T | undefined;
  readonly problem: Problem | undefined;
  /** True while `value` does not yet answer the current question. */
  readonly stale: boolean;
}

/**
 * The worker's answer to a question, asked again whenever its parameters change. Parameters are compared
 * as JSON. Without parameters nothing is asked.
 */
export function useAnswer<Name extends RequestName>(
  ask: Ask,
  name: Name,
  parameters: Parameters<Name> | undefined,
): Answered<Answer<Name>> {
  const key = parameters === undefined ? undefined : JSON.stringify(parameters);
  const [state, setState] = useState<Answered<Answer<Name>> & { readonly key: string | undefined }>(
    { key: undefined, value: undefined, problem: undefined, stale: true },
  );
  // useEffect would first wait until the current state is painted, a frame or two.
  useLayoutEffect(() => {
    if (parameters === undefined) return;
    const ended = new AbortController();
    ask(name, parameters, { signal: ended.signal }).then(
      (value) => {
        setState({ key, value, problem: undefined, stale: false });
      },
      (error: unknown) => {
        setState({ key, value: undefined, problem: problemFrom(error), stale: false });
      },
    );
    return () => {
      ended.abort();
    };
  }, [ask, name, key]);
  return { ...state, stale: state.key !== key };
}

export function problemFrom(error: unknown): Problem {
  if (error instanceof WorkerProblem) return error.problem;
  const message = error instanceof Error ? error.message : String(error);
  return { message, code: undefined, offset: undefined, path: undefined };
}
