import { AccessFault, isSyscallError, type Errno, type Signal } from '../errno.js';

/**
 * An execve() that failed after the old program was gone: nobody is left to return `code` to, so
 * the process is killed. Compare fs/exec.c:bprm_execve().
 */
export class ExecKilled extends Error {
  override readonly name = 'ExecKilled';
  readonly signal: Signal = 'SIGSEGV';
  /** What the loader failed with; nobody sees it but the kernel. */
  readonly code: Errno;
  readonly reason: string;

  constructor(code: Errno, reason: string) {
    super(`${code}: ${reason}`);
    this.code = code;
    this.reason = reason;
  }
}

/**
 * Loads a program, as the loaders do after fs/exec.c:begin_new_exec().
 *
 * @throws ExecKilled for every SyscallError of `load`, and if the kernel could not write to the new
 * program.
 */
export function pastPointOfNoReturn<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    if (error instanceof AccessFault) {
      throw killed('EFAULT', 'the new program cannot be written to');
    }
    if (!isSyscallError(error)) throw error;
    throw killed(error.code, error.reason ?? 'the program cannot be loaded');
  }
}

function killed(code: Errno, reason: string): ExecKilled {
  return new ExecKilled(code, `${reason}; too late to go back, so SIGSEGV kills the process`);
}
