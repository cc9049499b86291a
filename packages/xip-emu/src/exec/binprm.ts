import { SyscallError } from '../errno.js';
import type { Process } from '../process.js';
import type { OpenFile } from '../vfs/file.js';
import { checkArguments, type ExecArguments } from './arguments.js';
import { closeExec, openExec, readHead } from './open-exec.js';
import { parseScript } from './script.js';

/** struct linux_binprm: what a loader of programs gets to see. */
export interface Binprm extends ExecArguments {
  readonly process: Process;
  /** bprm->filename: what execve() was called with, perhaps a script. */
  readonly filename: string;
  /** bprm->interp: the name of `file`, the program. */
  readonly interp: string;
  readonly file: OpenFile;
  /** bprm->buf: its first bytes, padded with zeros. */
  readonly head: Uint8Array;
}

/** The most files in a row, each leading only to the next, that exec_binprm() follows. */
const MAX_DEPTH = 5;

/**
 * execve(2) up to the loader: opens the program, follows `#!` lines, and calls `load` with what it
 * finds. Compare fs/exec.c:do_execveat_common(), exec_binprm().
 *
 * @param filename a byte string.
 * @throws SyscallError ENOENT, EACCES, ETXTBSY, …; E2BIG; ELOOP; ENOEXEC for a line without a name.
 */
export function withBinprm<T>(
  process: Process,
  filename: string,
  { argv, envp }: ExecArguments,
  load: (bprm: Binprm) => T,
): T {
  const { build } = process;
  let file = openExec(process, filename);
  let interp = filename;
  // A program always has an argument: do_execveat_common() adds an empty one.
  let args: ExecArguments = { argv: argv.length === 0 ? [''] : argv, envp };
  try {
    for (let depth = 0; ; depth += 1) {
      if (depth > MAX_DEPTH) throw new SyscallError('ELOOP', 'too many levels of interpreters');
      checkArguments(filename, args, build);
      const head = readHead(file);
      const script = parseScript(head);
      if (script === undefined) return load({ process, filename, interp, file, head, ...args });
      const { interpreter, argument } = script;
      const own = argument === undefined ? [] : [argument];
      args = { argv: [interpreter, ...own, interp, ...args.argv.slice(1)], envp };
      checkArguments(filename, args, build);
      const next = openExec(process, interpreter);
      closeExec(file);
      file = next;
      interp = interpreter;
    }
  } finally {
    closeExec(file);
  }
}
