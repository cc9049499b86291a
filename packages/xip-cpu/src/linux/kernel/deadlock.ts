import type { Task } from './task.js';

/** Thrown if all tasks wait, and nothing will ever wake one of them. */
export class Deadlock extends Error {
  override readonly name = 'Deadlock';
  readonly code = 'DEADLOCK';
  /** What each task waits for. */
  readonly waits: readonly string[];

  constructor(tasks: readonly Task[]) {
    const waits = tasks.map(({ tid, name, wait, group }) => {
      const what = group.stopped === undefined ? (wait?.waits ?? 'nothing') : 'SIGCONT';
      return `${tid} ${name}: ${what}`;
    });
    super(`deadlock: nothing will wake the processes: ${waits.join('; ')}`);
    this.waits = waits;
  }
}
