import { isFdpic } from 'cramfs-elf';
import type { CramfsImage } from 'cramfs-reader';
import {
  PAGE_SIZE,
  programCost,
  type ArchitectureName,
  type KernelBuild,
  type KernelConfig,
  type LoaderName,
  type ObjectCost,
  type PolicyName,
  type ProgramCost,
  type RamPages,
  type SegmentCost,
} from 'xip-emu';
import { failureOf, type EmulatorFailure } from '../../emulator/failure.js';
import { notDirectReason } from '../../emulator/not-direct.js';
import { mountRoot, romMachine } from '../../emulator/rom-machine.js';

/** A program to start. Paths and arguments are byte strings. */
export interface ExecQuestion {
  readonly path: string;
  readonly argv: readonly string[];
  readonly arch: ArchitectureName;
  readonly config: Partial<KernelConfig>;
  readonly mmu: boolean;
  readonly policy: PolicyName;
  readonly physAddr: number;
  readonly loader: LoaderName | 'auto';
  readonly libraryPath: readonly string[];
  /** Bytes that the RAM at most may be; undefined: any. */
  readonly maxRam: number | undefined;
}

export interface ExplainedObject extends ObjectCost {
  /** Why segments that nobody writes to are not all in ROM; in the order of the segments. */
  readonly reasons: readonly (string | undefined)[];
}

export interface ExecExplanation {
  readonly question: ExecQuestion;
  readonly build: KernelBuild;
  /** What execve() fails with, or why it cannot be told. */
  readonly failure: EmulatorFailure | undefined;
  /** Undefined if there is a failure. */
  readonly cost: ProgramCost | undefined;
  readonly objects: readonly ExplainedObject[];
  /** True if nothing is missing, and nothing kills it. */
  readonly starts: boolean;
  /** True unless it takes more RAM than it may. */
  readonly fits: boolean;
}

const KEEPS_DISTANCES =
  'not an FDPIC program: without an MMU its segments keep their distances, all in one block of RAM';
const ASKS_FOR_RAM = 'the bFLT header asks for RAM';
const WRITTEN = 'relocations write to it';

/** Starts a program in a fresh machine. @throws InputError, or CramfsError for a damaged image. */
export function explainExec(image: CramfsImage, question: ExecQuestion): ExecExplanation {
  const machine = romMachine(image, question);
  mountRoot(machine, image, question.physAddr);
  const { build } = machine;
  try {
    const cost = programCost(machine, question.path, question);
    const { missing, killed } = cost.started;
    return {
      question,
      build,
      failure: undefined,
      cost,
      objects: cost.objects.map((object) => ({
        ...object,
        reasons: object.segments.map((segment) => reasonFor(image, question, object, segment)),
      })),
      starts: missing.length === 0 && killed === undefined,
      fits: question.maxRam === undefined || ramBytes(cost.atMost) <= question.maxRam,
    };
  } catch (error) {
    const failure = failureOf(error);
    return { question, build, failure, cost: undefined, objects: [], starts: false, fits: true };
  } finally {
    machine.halt();
  }
}

export function ramBytes(pages: RamPages): number {
  return (pages.private + pages.cache) * PAGE_SIZE;
}

function reasonFor(
  image: CramfsImage,
  question: ExecQuestion,
  { object }: ObjectCost,
  { writable, pgoff, pages, romPages, filesz }: SegmentCost,
): string | undefined {
  const { elf, path } = object;
  if (filesz === 0 || romPages === pages) return undefined;
  if (!question.mmu && elf !== undefined && !isFdpic(elf)) return KEEPS_DISTANCES;
  if (writable) return elf === undefined && pgoff === 0 ? ASKS_FOR_RAM : undefined;
  const range = { pgoff, pages, writable };
  return notDirectReason(image, image.lookup(path), range, romPages, question) ?? WRITTEN;
}
