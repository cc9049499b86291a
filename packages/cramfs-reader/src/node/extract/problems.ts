import { isCramfsError } from 'cramfs-format';

/** Something that could not be extracted, or only with a loss. */
export interface ExtractProblem {
  readonly severity: 'error' | 'warning';
  /** Inside the image, a byte string; none if it concerns a request. */
  readonly path: string | undefined;
  /** Image offset of the cause, if it is the image. */
  readonly offset?: number | undefined;
  /** A code of CramfsError or of the system, such as `EEXIST`; or `TARGET_CHANGED`. */
  readonly code: string;
  readonly message: string;
}

/** Errors after which nothing further can succeed. */
const FATAL = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM']);

/** True if the extraction stops at this problem. */
export function isFatal({ code }: ExtractProblem): boolean {
  return FATAL.has(code);
}

/** A problem of the target that we found ourselves. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
  readonly code: 'TARGET_CHANGED' | 'ENAMETOOLONG';

  constructor(code: TargetError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Somebody else changes the target during the extraction. */
export function targetChanged(cause?: unknown): TargetError {
  const message = 'left out: another program has changed the target directory meanwhile';
  return new TargetError('TARGET_CHANGED', message, { cause });
}

/**
 * The problem of the entry at `path` that `error` describes.
 *
 * @throws `error` itself if it comes neither from the image nor from the system: a bug.
 */
export function toProblem(error: unknown, path: string | undefined): ExtractProblem {
  if (isCramfsError(error)) {
    const { code, message, offset } = error;
    return { severity: 'error', path: error.path ?? path, offset, code, message };
  }
  if (error instanceof TargetError) {
    return { severity: 'error', path, code: error.code, message: error.message };
  }
  const code = systemCode(error);
  if (code === undefined) throw error;
  const stop = FATAL.has(code) ? 'stopped here: ' : '';
  return { severity: 'error', path, code, message: stop + systemMessage(error as Error) };
}

/** `code` of a system call's error. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Node's text without the path, which we know better (bytes), and which may not be printable. */
function systemMessage(error: Error): string {
  return error.message.replace(/ '.*$/s, '');
}
