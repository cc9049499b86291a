import type { Address } from './units.js';

export { InvariantError, invariant } from 'cramfs-format';

/** The error numbers that the emulated system calls give. */
export type Errno =
  | 'E2BIG'
  | 'EACCES'
  | 'EADDRINUSE'
  | 'EAFNOSUPPORT'
  | 'EAGAIN'
  | 'EBADE'
  | 'EBADF'
  | 'EBUSY'
  | 'ECHILD'
  | 'EEXIST'
  | 'EFAULT'
  | 'EFBIG'
  | 'EINTR'
  | 'EINVAL'
  | 'EIO'
  | 'EISDIR'
  | 'ELIBBAD'
  | 'ELOOP'
  | 'EMFILE'
  | 'EMLINK'
  | 'ENAMETOOLONG'
  | 'ENODATA'
  | 'ENODEV'
  | 'ENOENT'
  | 'ENOEXEC'
  | 'ENOMEM'
  | 'ENOSPC'
  | 'ENOSYS'
  | 'ENOTDIR'
  | 'ENOTEMPTY'
  | 'ENOTSUP'
  | 'ENOTTY'
  | 'ENXIO'
  | 'EOPNOTSUPP'
  | 'EOVERFLOW'
  | 'EPERM'
  | 'EPIPE'
  | 'ERANGE'
  | 'EROFS'
  | 'ESPIPE'
  | 'ESRCH'
  | 'ESTALE'
  | 'ETIMEDOUT'
  | 'ETXTBSY'
  | 'EXDEV';

/** A system call that failed, in the manner of Node's errors: look at `code`. */
export class SyscallError extends Error {
  override readonly name = 'SyscallError';
  readonly code: Errno;
  /** The kernel's reason, where it is known better than by the number. */
  readonly reason: string | undefined;

  constructor(code: Errno, reason?: string) {
    super(reason === undefined ? code : `${code}: ${reason}`);
    this.code = code;
    this.reason = reason;
  }
}

export function isSyscallError(error: unknown, ...codes: readonly Errno[]): error is SyscallError {
  return error instanceof SyscallError && (codes.length === 0 || codes.includes(error.code));
}

export type Signal = 'SIGSEGV' | 'SIGBUS';
/** si_code of the signal: nothing mapped there, no permission, nothing that backs the mapping. */
export type SignalCode = 'MAPERR' | 'ACCERR' | 'ADRERR';

/** A load or store that ended in a signal; `code` is its si_code. */
export class AccessFault extends Error {
  override readonly name = 'AccessFault';
  readonly signal: Signal;
  readonly code: SignalCode;
  /** The byte that could not be accessed. */
  readonly address: Address;

  constructor(signal: Signal, code: SignalCode, address: Address) {
    super(`${signal} (${code}) at 0x${address.toString(16)}`);
    this.signal = signal;
    this.code = code;
    this.address = address;
  }
}

/** A page size that no machine can have. */
export class PageSizeError extends TypeError {
  override readonly name = 'PageSizeError';
  readonly code = 'BAD_PAGE_SIZE';

  constructor(pageSize: number) {
    super(`not a page size: ${pageSize}`);
  }
}

/** Something that Linux has and this emulator does not; nothing is faked in its place. */
export class UnmodelledError extends Error {
  override readonly name = 'UnmodelledError';
  readonly code = 'UNMODELLED';

  constructor(what: string) {
    super(`not emulated: ${what}`);
  }
}
