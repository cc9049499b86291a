import { textToName } from 'cramfs-format';
import type { ProgramRuns } from './workload.js';

/** The most programs of a workload: more cannot be listed one by one. */
export const MAX_PROGRAMS = 1000;

/**
 * Parses `CMD` or `N*CMD`: words with blanks between them, the first one the program, which is taken from
 * the root.
 *
 * @returns undefined if there is no program, or N is not from 1 to {@link MAX_PROGRAMS}.
 */
export function parseRun(given: string): ProgramRuns | undefined {
  const [, number = '1', command = ''] = /^\s*(?:(\d+)\*)?\s*(.*?)\s*$/s.exec(given) ?? [];
  const [program = '', ...args] = command.split(/\s+/).map(textToName);
  const count = Number(number);
  if (program === '' || count < 1 || count > MAX_PROGRAMS) return undefined;
  return { count, argv: [`/${program.replace(/^\/+/, '')}`, ...args] };
}

/** The lines of a list of programs; empty lines, and those that start with `#`, are ignored. */
export function runLines(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => !/^\s*(#|$)/.test(line));
}
