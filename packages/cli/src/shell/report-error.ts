import { isCramfsError, nameToText, withPath, type CramfsError } from 'cramfs-format';
import { getSystemErrorMap } from 'node:util';
import {
  FileError,
  InputError,
  InterruptedError,
  OutputClosedError,
  UsageError,
  errorCode,
} from './errors.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import type { CliIo } from './io.js';

/** Runs `action`; its errors, except usage errors, will be reported as about `file`. */
export async function about<T>(file: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof FileError || isUsageError(error) ? error : new FileError(file, error);
  }
}

/** True for errors in the command line, found by us or by a library. */
export function isUsageError(error: unknown): boolean {
  return error instanceof UsageError || isCramfsError(error, 'BAD_REQUEST');
}

/** Runs `action`; an error about an image will name `path`, a byte string, if it does not name one yet. */
export function atPath<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!isCramfsError(error) || error.path !== undefined) throw error;
    throw withPath(error, path);
  }
}

/**
 * Reports an error as one line on stderr and returns its exit code.
 *
 * @param tool the name the line starts with.
 */
export function reportError(error: unknown, tool: string, io: CliIo): ExitCode {
  if (!(error instanceof FileError)) return report(error, undefined, tool, io);
  return report(error.cause, error.file, tool, io);
}

function report(error: unknown, file: string | undefined, tool: string, io: CliIo): ExitCode {
  const prefix = file === undefined ? tool : `${tool}: ${printable(file)}`;
  if (error instanceof OutputClosedError) return EXIT.ok;
  if (error instanceof UsageError) {
    io.stderr.write(`${prefix}: ${printable(error.message)}\nTry '${tool} --help'.\n`);
    return EXIT.usage;
  }
  if (error instanceof InterruptedError) {
    io.stderr.write(`${prefix}: interrupted\n`);
    return error.signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
  }
  const line = describeError(error, file);
  io.stderr.write(`${prefix}: ${line ?? printable(`internal error: ${String(error)}`)}\n`);
  if (line === undefined && io.env['CRAMFS_DEBUG'] === '1') {
    io.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  }
  return isUsageError(error) ? EXIT.usage : EXIT.failed;
}

/**
 * One line for an error that a user can understand; undefined for a bug of ours.
 *
 * @param file what the line already names.
 */
function describeError(error: unknown, file: string | undefined): string | undefined {
  if (isCramfsError(error)) return describeCramfsError(error, file);
  if (error instanceof InputError) return printable(error.message);
  return describeShortage(error) ?? describeSystemError(error, file);
}

function describeCramfsError(
  { code, message, offset, path }: CramfsError,
  file: string | undefined,
): string {
  // The offset of the directory in which a name is missing does not help.
  const where =
    offset === undefined || code === 'NOT_FOUND' ? '' : `offset 0x${offset.toString(16)}: `;
  const name = path === undefined ? undefined : nameToText(path);
  return `${where}${printable(message)}${name === undefined || name === file ? '' : ` (${name})`}`;
}

/** How V8, WebAssembly, Node.js and its threads say that they are out of memory. */
const OUT_OF_MEMORY =
  /out of memory|could not allocate memory|array buffer allocation failed|reaching memory limit|^(EAGAIN|ENOMEM)$/i;
const OUT_OF_MEMORY_CODES = new Set([
  'ENOMEM',
  'ERR_MEMORY_ALLOCATION_FAILED',
  'ERR_WORKER_INIT_FAILED',
  'ERR_WORKER_OUT_OF_MEMORY',
]);

/** A machine that is too small, or too limited, is not our bug. */
function describeShortage(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof RangeError && error.message.startsWith('WebAssembly')) {
    return 'out of memory: WebAssembly takes 10 GiB of addresses, if not of memory: raise their limit (ulimit -v); or use fewer threads (--workers 1)';
  }
  if (OUT_OF_MEMORY_CODES.has(errorCode(error) ?? '') || OUT_OF_MEMORY.test(error.message)) {
    return 'out of memory: raise its limit (ulimit -v, container), or use fewer threads (--workers 1)';
  }
  // In the words of cramfs-archive's onDeath().
  if (/^worker exited/i.test(error.message)) {
    return 'a thread has died, most likely for lack of memory: use fewer (--workers 1)';
  }
  return undefined;
}

/** Errors for which Node's words differ from the C library's. */
const PLAINER: Readonly<Record<string, string>> = { EISDIR: 'is a directory' };

/** Node's system errors, without their codes and the names of functions. */
function describeSystemError(error: unknown, file: string | undefined): string | undefined {
  const code = errorCode(error);
  if (!(error instanceof Error) || code === undefined || !('syscall' in error)) return undefined;
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  const text = PLAINER[code] ?? getSystemErrorMap().get(errno)?.[1] ?? code;
  const path = 'path' in error && typeof error.path === 'string' ? error.path : file;
  return path === file || path === undefined ? text : `${text} (${printable(path)})`;
}

/** Text of the host, such as a file name from the command line, made safe for a terminal. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
}
