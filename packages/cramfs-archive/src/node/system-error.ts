import { getSystemErrorMap } from 'node:util';

/** The system's words for why a call failed, for example `permission denied (EACCES)`. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errno, code } = error as NodeJS.ErrnoException;
  const [name, reason] = getSystemErrorMap().get(errno ?? 0) ?? [];
  // zlib's errors have an `errno` too, but with numbers of its own.
  return name === undefined || name !== code ? error.message : `${String(reason)} (${name})`;
}

/** True if `error` is the system's with one of these codes, such as `ENOENT`. */
export function isSystemError(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes(String((error as NodeJS.ErrnoException).code));
}
