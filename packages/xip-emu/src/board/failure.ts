import { SyscallError, UnmodelledError } from '../errno.js';
import { ExecKilled } from '../exec/point-of-no-return.js';
import { KernelCorruption } from '../kernel-corruption.js';

/** Why an operation of the emulator came to nothing. */
export interface EmulatorFailure {
  /** An errno; undefined if the kernel itself breaks, or the emulator does not know. */
  readonly code: string | undefined;
  /** May be empty. */
  readonly reason: string;
}

/** What the emulator threw, as an answer. @throws `error` itself if it is something else. */
export function failureOf(error: unknown): EmulatorFailure {
  if (error instanceof SyscallError || error instanceof ExecKilled) {
    return { code: error.code, reason: error.reason ?? '' };
  }
  if (error instanceof KernelCorruption) {
    return { code: undefined, reason: `${error.kind} in ${error.kernelFunction}: ${error.effect}` };
  }
  if (error instanceof UnmodelledError) return { code: undefined, reason: error.message };
  throw error;
}

/** Returns the failure as one line. */
export function failureText({ code, reason }: EmulatorFailure): string {
  return [code, reason].filter((part) => part !== '' && part !== undefined).join(': ');
}
