import { CramfsError, nameToText, plural, textToName } from 'cramfs-format';
import {
  MAX_PROGRAMS,
  Planner,
  ProfileTree,
  parseRun,
  readProfiles,
  runLines,
  type PlacedProfile,
  type Profile,
  type ProgramRuns,
  type Workload,
} from 'cramfs-planner';
import type { CramfsImage } from 'cramfs-reader';
import { inlineCompressor, readImageSource, type DirectoryEntry } from 'mkcramfs';
import { programArchitecture, type LoaderName, type PolicyName } from 'xip-emu';
import type { Kernel } from '../kernel.js';

/** Pages that were touched on a board, as a file in any format of `cramfs plan --profile`. */
export interface ProfileFile {
  readonly name: string;
  readonly text: string;
}

/** The kernel, the workload and the profiles of a plan. */
export interface PlanRequest {
  readonly kernel: Kernel;
  readonly policy: PolicyName;
  /** Programs, one a line: `CMD` or `N*CMD`. None: all programs and libraries, each mapped once. */
  readonly runs: string;
  /** Undefined: `start` with profiles, `all` without. */
  readonly touched: 'all' | 'start' | undefined;
  readonly profiles: readonly ProfileFile[];
  readonly loader: LoaderName | 'auto';
}

/** A planner, and the parts of its request that it could not use. */
export interface PreparedPlan {
  readonly planner: Planner;
  readonly workload: Workload;
  readonly notes: readonly PlacedProfile[];
}

/**
 * Compresses the files of the image, and runs the workload, which takes time. The result gives choices at
 * once.
 *
 * @throws CramfsError BAD_SOURCE for a wrong workload or profile; what reading a damaged image throws.
 */
export async function preparePlan(image: CramfsImage, request: PlanRequest): Promise<PreparedPlan> {
  const { kernel, policy, loader } = request;
  const root = readImageSource(image);
  const { workload, notes } = workloadOf(root, request);
  const planner = await Planner.prepare({
    root,
    build: {
      blockSize: image.blockSize,
      endianness: image.endianness,
      xip: { mode: kernel.mmu ? 'mmu' : 'nommu' },
      onProblem: () => undefined,
    },
    workload: { ...workload, loader },
    kernel: {
      arch: (planned, path) => programArchitecture(planned, path, {}),
      policy,
      physAddr: kernel.physAddr,
    },
    backend: { compressor: inlineCompressor() },
  });
  return { planner, workload, notes };
}

function workloadOf(
  root: DirectoryEntry,
  { runs: text, touched, profiles: files }: PlanRequest,
): { readonly workload: Workload; readonly notes: readonly PlacedProfile[] } {
  const runs = runLines(text).map(programRuns);
  const programs = runs.reduce((sum, { count }) => sum + count, 0);
  if (programs > MAX_PROGRAMS)
    throw wrong(`${programs} programs are too many: use at most ${MAX_PROGRAMS}`);
  const tree = new ProfileTree(root);
  const encoder = new TextEncoder();
  const read = readProfiles(
    files.map(({ name, text: content }) => ({
      name: textToName(name),
      bytes: encoder.encode(content),
    })),
  );
  const notes = read.map((profile) => placed(tree, profile));
  const profiles = notes.map(({ profile }) => profile);
  const workload: Workload = {
    runs,
    touched: touched ?? (profiles.length > 0 ? 'start' : 'all'),
    profiles,
  };
  return { workload, notes };
}

function programRuns(line: string): ProgramRuns {
  const run = parseRun(line);
  if (run !== undefined) return run;
  throw wrong(
    `'${line.trim()}' is not a program: use PROGRAM [ARG...] or N*PROGRAM [ARG...], N from 1 to ${MAX_PROGRAMS}`,
  );
}

/** @throws CramfsError if no page of the profile is in the image. */
function placed(tree: ProfileTree, given: Profile): PlacedProfile {
  const found = tree.place(given);
  const asked = given.files.size + given.atLeast.size;
  if (asked > 0 && found.profile.files.size + found.profile.atLeast.size === 0) {
    throw wrong(
      `${nameToText(given.source)}: the image has none of the ${plural(asked, 'file')} that the profile names`,
    );
  }
  return found;
}

function wrong(message: string): CramfsError {
  return new CramfsError('BAD_SOURCE', message);
}
