import { CramfsError } from 'cramfs-format';
import { isSyscallError } from 'xip-emu';
import type { Kernel } from '../model/kernel.js';
import { architectureNamed, policyNamed } from '../model/laboratory/options.js';
import {
  explainedProgram,
  type ExplainedProgram,
  type ProgramRequest,
} from '../model/program/explain.js';
import { programsIn, type ProgramList } from '../model/program/list.js';
import { ProgramExecution, type RunState } from '../model/program/run.js';
import type { ViewedImage, Workspace } from './workspace.js';

export interface ProgramParameters {
  readonly image: number;
  readonly kernel: Kernel;
  /** Byte string. */
  readonly path: string;
  /** Words with blanks between them. */
  readonly args: string;
  /** Names; unknown ones are ignored. */
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
  const { image } = workspace.at(parameters.image);
  try {
    return explainedProgram(image, requestOf(parameters));
  } catch (error) {
    throw notMounted(error);
  }
}

function requestOf({
  path,
  kernel,
  args,
  arch,
  policy,
  loader,
  libraryPath,
}: ProgramParameters): ProgramRequest {
  return {
    kernel,
    path,
    args: args.split(/\s+/).filter((word) => word !== ''),
    arch: architectureNamed(arch),
    policy: policyNamed(policy) ?? 'linux-6.12',
    loader: loader === 'glibc' || loader === 'musl' ? loader : 'auto',
    libraryPath,
  };
}

/** How many instructions of a program are to be executed. */
export interface RunParameters extends ProgramParameters {
  /** Instructions in all. */
  readonly to: number;
}

/** The most instructions that one answer executes: they take a second or two. */
const MOST_AT_ONCE = 200_000_000;

/** The last execution of each image. */
const executions = new WeakMap<
  ViewedImage,
  { readonly key: string; readonly execution: ProgramExecution }
>();

/**
 * Returns a program after that many instructions. It continues the last execution, or starts again.
 */
export async function answerProgramRun(
  workspace: Workspace,
  { to, ...parameters }: RunParameters,
): Promise<RunState> {
  const viewed = workspace.at(parameters.image);
  const key = JSON.stringify(parameters);
  const last = executions.get(viewed);
  let execution = last?.key === key && last.execution.executed <= to ? last.execution : undefined;
  if (execution === undefined) {
    halt(viewed);
    try {
      execution = await ProgramExecution.start(viewed.image, requestOf(parameters));
    } catch (error) {
      throw notMounted(error);
    }
    // Another request may have started one meanwhile.
    halt(viewed);
    executions.set(viewed, { key, execution });
  }
  execution.runTo(Math.min(to, execution.executed + MOST_AT_ONCE));
  return execution.state();
}

/** Ends the last execution of an image. */
function halt(viewed: ViewedImage): void {
  executions.get(viewed)?.execution.halt();
  executions.delete(viewed);
}

export function answerPrograms(
  workspace: Workspace,
  { image }: { readonly image: number },
): ProgramList {
  return workspace.at(image).remember('programs', programsIn);
}

/** The failure of mount(2), as an error about the image. */
export function notMounted(error: unknown): unknown {
  if (!isSyscallError(error)) return error;
  return new CramfsError('BAD_SOURCE', `Linux does not mount the image: ${error.message}`);
}
