import { CramfsError } from 'cramfs-format';
import { isSyscallError } from 'xip-emu';
import type { Kernel } from '../model/kernel.js';
import { architectureNamed, policyNamed } from '../model/laboratory/options.js';
import { explainedProgram, type ExplainedProgram } from '../model/program/explain.js';
import { programsIn, type ProgramList } from '../model/program/list.js';
import type { Workspace } from './workspace.js';

export interface ProgramParameters {
  readonly image: number;
  readonly kernel: Kernel;
  /** Byte string. */
  readonly path: string;
  /** Words with blanks between them. */
  readonly args: string;
  /** Names; others count for nothing. */
  readonly arch?: string | undefined;
  readonly policy?: string | undefined;
  readonly loader?: string | undefined;
  readonly libraryPath: string;
}

/** @throws CramfsError if Linux does not mount the image. */
export function answerProgram(
  workspace: Workspace,
  parameters: ProgramParameters,
): ExplainedProgram {
  const { path, kernel, args, arch, policy, loader, libraryPath } = parameters;
  const { image } = workspace.at(parameters.image);
  try {
    return explainedProgram(image, {
      kernel,
      path,
      args: args.split(/\s+/).filter((word) => word !== ''),
      arch: architectureNamed(arch),
      policy: policyNamed(policy) ?? 'linux-6.12',
      loader: loader === 'glibc' || loader === 'musl' ? loader : 'auto',
      libraryPath,
    });
  } catch (error) {
    throw notMounted(error);
  }
}

export function answerPrograms(
  workspace: Workspace,
  { image }: { readonly image: number },
): ProgramList {
  return workspace.at(image).remember('programs', programsIn);
}

/** What mount(2) fails with, as an error about the image. */
export function notMounted(error: unknown): unknown {
  if (!isSyscallError(error)) return error;
  return new CramfsError('BAD_SOURCE', `Linux does not mount the image: ${error.message}`);
}
