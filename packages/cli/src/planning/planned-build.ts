import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { checkPageSize, fitPlan, parsePlan, type XipPlan } from 'cramfs-planner';
import type { BlockCompressor, BuildOptions, DirectoryEntry, XipOptions } from 'mkcramfs';
import { UsageError } from '../shell/errors.js';
import { about } from '../shell/report-error.js';
import type { RunArguments } from './options.js';
import { placeWorkload, preparePlanner, readWorkload } from './prepare.js';

/** The source that tells a build what runs in place. */
export type PlannedBuild =
  | { readonly file: string; readonly adapt: boolean }
  | { readonly flash: number; readonly args: RunArguments };

/** The options of an image with a plan applied. */
export interface PlannedOptions {
  readonly xip: XipOptions;
  readonly blockSize: number;
}

/**
 * Reads a plan and compares it with the tree, or makes one.
 *
 * @param note called with what had to change.
 * @throws FileError naming the plan and its line; UsageError, CramfsError.
 */
export async function plannedOptions(
  planned: PlannedBuild,
  root: DirectoryEntry,
  build: BuildOptions,
  {
    compressor,
    note,
  }: { readonly compressor: BlockCompressor; readonly note: (text: string) => void },
): Promise<PlannedOptions> {
  if ('file' in planned) {
    const { file, adapt } = planned;
    return about(file, async () => {
      const plan = parsePlan(readFileSync(file, 'utf8'));
      checkPageSize(plan, build.blockSize);
      checkMode(plan, build);
      const fitted = await fitPlan(root, plan, { adapt, crc32 });
      for (const { line, message } of fitted.changes) note(`${file}: line ${line}: ${message}`);
      return optionsOf(plan, fitted.file);
    });
  }
  const { flash, args } = planned;
  const workload = placeWorkload(await readWorkload(args), root, args, note);
  const planner = await preparePlanner(root, build, { args, workload }, compressor);
  const plan = planner.plan(planner.forFlash(flash));
  const { file } = await fitPlan(root, plan, { crc32 });
  return optionsOf(plan, file);
}

function optionsOf(
  { mmu, pageSize, align }: XipPlan,
  file: XipOptions['plan'] & {},
): PlannedOptions {
  const xip = { mode: mmu ? 'mmu' : 'nommu', plan: file } as const;
  return { xip: align === undefined ? xip : { ...xip, align }, blockSize: pageSize };
}

/** @throws UsageError if the image would be for another kind of kernel than the plan. */
function checkMode({ mmu }: XipPlan, { xip }: BuildOptions): void {
  const mode = xip?.mode ?? 'none';
  if (mode === 'none' || mode === (mmu ? 'mmu' : 'nommu')) return;
  throw new UsageError(
    `the plan is for a kernel ${mmu ? 'with' : 'without'} an MMU, not --xip=${mode}`,
  );
}
