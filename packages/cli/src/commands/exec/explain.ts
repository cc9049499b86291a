import type { CramfsImage } from 'cramfs-reader';
import {
  PAGE_SIZE,
  explainProgram,
  romMachine,
  type ArchitectureName,
  type KernelConfig,
  type ProgramExplanation,
  type ProgramQuestion,
  type RamPages,
} from 'xip-emu';
import { mountRoot } from '../../emulator/rom-machine.js';

/** A program to start. Paths and arguments are byte strings. */
export interface ExecQuestion extends ProgramQuestion {
  readonly arch: ArchitectureName;
  readonly config: Partial<KernelConfig>;
  /** Bytes that the RAM at most may be; undefined: any. */
  readonly maxRam: number | undefined;
}

export interface ExecExplanation extends ProgramExplanation {
  readonly question: ExecQuestion;
  /** True unless it takes more RAM than it may. */
  readonly fits: boolean;
}

/** Starts a program in a fresh machine. @throws InputError, or CramfsError for a damaged image. */
export function explainExec(image: CramfsImage, question: ExecQuestion): ExecExplanation {
  const machine = romMachine(image, question);
  mountRoot(machine, image, question.physAddr);
  const explanation = explainProgram(machine, image, question);
  const { cost } = explanation;
  const { maxRam } = question;
  const fits = cost === undefined || maxRam === undefined || ramBytes(cost.atMost) <= maxRam;
  return { ...explanation, question, fits };
}

export function ramBytes(pages: RamPages): number {
  return (pages.private + pages.cache) * PAGE_SIZE;
}
