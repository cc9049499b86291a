import { SyscallError, isSyscallError } from '../errno.js';

/**
 * An execve() that failed when the old program was gone already: there is nobody to return `code`
 * to, and the process is killed. Compare fs/exec.c:bprm_execve().
 */
export class ExecKilled extends SyscallError {
  readonly signal = 'SIGSEGV';
}

/**
 * Loads a program, as the loaders do behind fs/exec.c:begin_new_exec().
 *
 * @throws ExecKilled for every SyscallError of `load`.
 */
export function pastPointOfNoReturn<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    const { code, reason = 'the program cannot be loaded' } = error;
    throw new ExecKilled(code, `${reason}; too late to go back, so SIGSEGV kills the process`);
  }
}
