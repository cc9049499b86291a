import type { CramfsImage } from 'cramfs-reader';
import {
  explainProgram,
  romMachine,
  type ArchitectureName,
  type KernelBuild,
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
  /** The most bytes of RAM that it may take; undefined: any. */
  readonly maxRam: number | undefined;
}

export interface ExecExplanation extends ProgramExplanation {
  readonly question: ExecQuestion;
  /** True unless it takes more RAM than allowed. */
  readonly fits: boolean;
}

/** Starts a program in a fresh machine. @throws InputError, or CramfsError for a damaged image. */
export function explainExec(image: CramfsImage, question: ExecQuestion): ExecExplanation {
  const machine = romMachine(image, question);
  mountRoot(machine, image, question.physAddr);
  const explanation = explainProgram(machine, image, question);
  const { cost } = explanation;
  const { maxRam } = question;
  const ram = cost && ramBytes(cost.atMost, machine.build);
  const fits = ram === undefined || maxRam === undefined || ram <= maxRam;
  return { ...explanation, question, fits };
}

export function ramBytes(pages: RamPages, { geometry }: KernelBuild): number {
  return (pages.private + pages.cache) * geometry.size;
}
