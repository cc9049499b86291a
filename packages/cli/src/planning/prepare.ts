import { crc32 } from 'node:zlib';
import { Planner, type Workload } from 'cramfs-planner';
import type { BlockCompressor, BuildOptions, DirectoryEntry } from 'mkcramfs';
import { programArchitecture } from 'xip-emu';
import { kernelConfig } from '../emulator/architecture.js';
import { DEFAULT_PHYS, libraryPath } from '../emulator/options.js';
import { readRuns } from '../emulator/runs.js';
import type { WorkloadArguments } from './options.js';
import { placeProfiles, readProfileFiles } from './profiles.js';

/** The workload that the command line asks for. @throws UsageError, FileError. */
export async function readWorkload(args: WorkloadArguments): Promise<Workload> {
  const runs = await readRuns(args);
  const profiles = await readProfileFiles(args.profile);
  return {
    runs,
    touched: args.touched ?? (profiles.length > 0 ? 'start' : 'all'),
    profiles,
    loader: args.loader,
    libraryPath: libraryPath(args['library-path']),
  };
}

/**
 * A workload with the paths of the tree in its profiles.
 *
 * @param note is called with a line for each profile that does not fit entirely.
 * @throws FileError for a profile of another tree.
 */
export function placeWorkload(
  workload: Workload,
  root: DirectoryEntry,
  args: WorkloadArguments,
  note: (line: string) => void,
): Workload {
  const roots = args['profile-root'];
  return { ...workload, profiles: placeProfiles(workload.profiles, { root, roots }, note) };
}

/**
 * Compresses the tree and runs the placed workload, after which choices can be made. @throws CramfsError.
 */
export function preparePlanner(
  root: DirectoryEntry,
  build: BuildOptions,
  { args, workload }: { readonly args: WorkloadArguments; readonly workload: Workload },
  compressor: BlockCompressor,
): Promise<Planner> {
  const { arch, config = [], policy, phys = DEFAULT_PHYS, time } = args;
  const end = time === undefined ? Infinity : Date.now() + 1000 * time;
  return Planner.prepare({
    root,
    build,
    workload,
    kernel: {
      arch: (image, path) => programArchitecture(image, path, { arch }),
      config: kernelConfig({ arch, config }),
      policy,
      physAddr: phys,
    },
    backend: { compressor, crc32 },
    isOver: () => Date.now() > end,
  });
}
