import type { CramfsImage } from 'cramfs-reader';
import {
  failureOf,
  failureText,
  romMachine,
  systemCost,
  type KernelBuild,
  type ProgramOutcome,
  type SystemCost,
} from 'xip-emu';
import { mountRoot } from '../../emulator/rom-machine.js';
import { ramBytes, type ExecQuestion } from './explain.js';
import type { ProgramRuns } from 'cramfs-planner';
import { argvsOf } from '../../emulator/runs.js';

/** Several programs to start one after the other, which all go on running. */
export interface SystemQuestion extends Omit<ExecQuestion, 'path' | 'argv'> {
  readonly runs: readonly ProgramRuns[];
}

/** A program of them. */
export interface SystemProgram {
  /** Byte strings. */
  readonly argv: readonly string[];
  /** Undefined: it was not started, because the kernel had broken before. */
  readonly outcome: ProgramOutcome | undefined;
  /** Why it does not run; undefined if it does. */
  readonly failure: string | undefined;
}

export interface SystemExplanation {
  readonly question: SystemQuestion;
  readonly build: KernelBuild;
  readonly programs: readonly SystemProgram[];
  readonly cost: SystemCost;
  /** True if all run. */
  readonly starts: boolean;
  /** True unless they take more RAM than allowed. */
  readonly fits: boolean;
}

/** Starts programs in one fresh machine. @throws InputError, or CramfsError for a damaged image. */
export function explainSystem(image: CramfsImage, question: SystemQuestion): SystemExplanation {
  const machine = romMachine(image, question);
  mountRoot(machine, image, question.physAddr);
  const { loader, libraryPath, envp, maxRam } = question;
  const wanted = question.runs.flatMap(argvsOf);
  try {
    const cost = systemCost(
      machine,
      wanted.map((argv) => ({ path: argv[0], options: { argv, loader, libraryPath, envp } })),
    );
    const programs = wanted.map((argv, index): SystemProgram => {
      const outcome = cost.outcomes[index];
      return { argv, outcome, failure: failureTextOf(outcome) };
    });
    return {
      question,
      build: machine.build,
      programs,
      cost,
      starts: programs.every(({ failure }) => failure === undefined),
      fits: maxRam === undefined || ramBytes(cost.atMost, machine.build) <= maxRam,
    };
  } finally {
    machine.halt();
  }
}

function failureTextOf(outcome: ProgramOutcome | undefined): string | undefined {
  if (outcome === undefined) return 'not started: the kernel has stopped';
  const { error, started } = outcome;
  if (error !== undefined) return failureText(failureOf(error));
  const missing = started?.missing[0];
  if (missing !== undefined) return `${missing.name}: ${missing.reason}`;
  return started?.killed;
}
