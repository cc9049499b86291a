import { bytesToName } from 'cramfs-format';
import { SyscallError } from '../errno.js';
import type { Process } from '../process.js';
import { BINPRM_BUF_SIZE, openExec, readProgram } from './open-exec.js';

/** Interpreters of interpreters: fs/exec.c:exec_binprm(). */
const MAX_DEPTH = 5;

/** What is to be executed in the end. */
export interface ResolvedProgram {
  readonly path: string;
  readonly argv: readonly string[];
  /** Scripts that lead to it; their first page was read. */
  readonly scripts: readonly string[];
}

/**
 * Follows `#!` lines to a program that is no script. Compare fs/binfmt_script.c:load_script().
 *
 * @param path absolute, a byte string.
 * @throws SyscallError as execve() does: ENOEXEC for a line without a name, ELOOP.
 */
export function resolveScripts(
  process: Process,
  path: string,
  argv: readonly string[],
): ResolvedProgram {
  const scripts: string[] = [];
  let program = { path, argv };
  for (;;) {
    const line = scriptLine(process, program.path);
    if (line === undefined) return { ...program, scripts };
    if (scripts.length === MAX_DEPTH) throw new SyscallError('ELOOP');
    scripts.push(program.path);
    const [, interpreter, argument] = /^[ \t]*([^ \t]+)[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (interpreter === undefined) throw new SyscallError('ENOEXEC', 'no interpreter behind #!');
    const given = argument === undefined || argument === '' ? [] : [argument];
    program = {
      path: interpreter,
      argv: [interpreter, ...given, program.path, ...program.argv.slice(1)],
    };
  }
}

/** What stands behind `#!`, or undefined for what is no script. */
function scriptLine(process: Process, path: string): string | undefined {
  const file = openExec(process, path);
  try {
    const head = bytesToName(readProgram(file, 0, BINPRM_BUF_SIZE));
    return head.startsWith('#!') ? /^[^\n\0]*/.exec(head.slice(2))![0] : undefined;
  } finally {
    process.close(file);
  }
}
