/** The command line makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** An error about a file named on the command line. */
export class FileError extends Error {
  override readonly name = 'FileError';
  /** The name given on the command line. */
  readonly file: string;

  constructor(file: string, cause: unknown) {
    super('', { cause });
    this.file = file;
  }
}

/** The user's input cannot be used; the message tells why. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** The reader of our output has gone: stop silently. */
export class OutputClosedError extends Error {
  override readonly name = 'OutputClosedError';
}

/** The reason with which {@link CliIo.interruptSignal} aborts. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly signal: 'SIGINT' | 'SIGTERM';

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(signal);
    this.signal = signal;
  }
}

/** The `code` of a system error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
