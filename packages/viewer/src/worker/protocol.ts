import { isCramfsError, nameToText } from 'cramfs-format';
import type { RequestName } from './requests.js';

/** A message from the page. */
export type ToWorker =
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly name: RequestName;
      readonly parameters: unknown;
    }
  /** The answer to `id` is no longer needed. */
  | { readonly kind: 'cancel'; readonly id: number };

/** A message from the worker. */
export type FromWorker =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'problem'; readonly id: number; readonly problem: Problem };

/** An error of the worker, as it crosses to the page. */
export interface Problem {
  readonly message: string;
  /** The code of a CramfsError. */
  readonly code: string | undefined;
  readonly offset: number | undefined;
  /** Printable. */
  readonly path: string | undefined;
}

export function problemOf(error: unknown): Problem {
  if (isCramfsError(error)) {
    const { message, code, offset, path } = error;
    return { message, code, offset, path: path === undefined ? undefined : nameToText(path) };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { message, code: undefined, offset: undefined, path: undefined };
}
