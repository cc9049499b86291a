import type { LinuxKernel } from '../kernel/kernel.js';
import type { Outcome } from '../kernel/outcome.js';
import type { Task } from '../kernel/task.js';

/**
 * How an argument is read: `int` and `uint` have 32 bits, `long`, `size` and `ptr` the width of a
 * register; `off` has 64 bits, which may take two registers. `path` is a `ptr` to a string.
 */
export type Parameter = 'int' | 'uint' | 'long' | 'size' | 'ptr' | 'path' | 'off';

/** The task that makes a system call, and its kernel. */
export interface Caller {
  readonly kernel: LinuxKernel;
  readonly task: Task;
}

type Run = (
  caller: Caller,
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
) => Outcome;

/** A system call. */
export interface SystemCall {
  readonly parameters: readonly Parameter[];
  /** @throws SyscallError. */
  readonly run: Run;
}

/** Calls by name, as the tables of numbers have them. */
export type CallTable = Readonly<Record<string, SystemCall>>;

/** @param parameters separated by blanks. */
export function call(parameters: string, run: Run): SystemCall {
  return { parameters: parameters === '' ? [] : (parameters.split(' ') as Parameter[]), run };
}
