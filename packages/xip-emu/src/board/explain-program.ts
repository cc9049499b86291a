import { isFdpic } from 'cramfs-elf';
import type { CramfsImage } from 'cramfs-reader';
import type { KernelBuild } from '../arch/kernel-build.js';
import type { LoaderName } from '../exec/dynamic-linker/loader.js';
import {
  programCost,
  type ObjectCost,
  type ProgramCost,
  type SegmentCost,
} from '../exec/program-cost.js';
import type { Machine } from '../machine.js';
import type { PolicyName } from '../policy.js';
import type { Address } from '../units.js';
import { failureOf, type EmulatorFailure } from './failure.js';
import { notDirectReason } from './not-direct.js';

/** A program to start. Paths and arguments are byte strings. */
export interface ProgramQuestion {
  readonly path: string;
  readonly argv: readonly string[];
  readonly mmu: boolean;
  readonly policy: PolicyName;
  /** Bus address of image byte 0. */
  readonly physAddr: Address;
  readonly loader: LoaderName | 'auto';
  /** LD_LIBRARY_PATH: directories. */
  readonly libraryPath: readonly string[];
  /** Its environment; default empty. */
  readonly envp?: readonly string[] | undefined;
}

export interface ExplainedObject extends ObjectCost {
  /** Why segments that nobody writes to are not all in ROM; in the order of the segments. */
  readonly reasons: readonly (string | undefined)[];
}

export interface ProgramExplanation {
  readonly build: KernelBuild;
  /** What execve() fails with, or why it cannot be told. */
  readonly failure: EmulatorFailure | undefined;
  /** Undefined if there is a failure. */
  readonly cost: ProgramCost | undefined;
  readonly objects: readonly ExplainedObject[];
  /** True if nothing is missing, and nothing kills it. */
  readonly starts: boolean;
}

const KEEPS_DISTANCES =
  'not an FDPIC program: without an MMU its segments keep their distances, all in one block of RAM';
const ASKS_FOR_RAM = 'the bFLT header asks for RAM';
const WRITTEN = 'relocations write to it';

/**
 * Starts a program in a machine that has the image as its root and nothing in its RAM, and says what it costs and
 * why. The machine is halted afterwards.
 *
 * @throws CramfsError for a damaged image.
 */
export function explainProgram(
  machine: Machine,
  image: CramfsImage,
  question: ProgramQuestion,
): ProgramExplanation {
  const { build } = machine;
  try {
    const cost = programCost(machine, question.path, question);
    const { missing, killed } = cost.started;
    return {
      build,
      failure: undefined,
      cost,
      objects: cost.objects.map((object) => ({
        ...object,
        reasons: object.segments.map((segment) => reasonFor(image, question, object, segment)),
      })),
      starts: missing.length === 0 && killed === undefined,
    };
  } catch (error) {
    return { build, failure: failureOf(error), cost: undefined, objects: [], starts: false };
  } finally {
    machine.halt();
  }
}

function reasonFor(
  image: CramfsImage,
  question: ProgramQuestion,
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
