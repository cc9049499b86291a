import { compareSteps, placesOf, type Comparison } from '../model/compare.js';
import type { Kernel } from '../model/kernel.js';
import { inSlices } from './slices.js';
import type { Workspace } from './workspace.js';

export interface CompareParameters {
  /** Numbers of images. */
  readonly before: number;
  readonly after: number;
  readonly kernel: Kernel;
}

/** Compares two images while other requests are answered. */
export async function answerCompare(
  workspace: Workspace,
  { before, after, kernel }: CompareParameters,
  signal?: AbortSignal,
): Promise<Comparison> {
  const [old, viewed] = [workspace.at(before), workspace.at(after)];
  const key = `compare ${before} ${JSON.stringify(kernel)}`;
  const known = viewed.remembered(key);
  if (known !== undefined) return known as Comparison;
  const comparison = await inSlices(compareSteps(old.image, viewed.image, kernel), signal);
  return viewed.remember(key, () => comparison);
}

/** Where a file is in an image. */
export function answerPlaces(
  workspace: Workspace,
  { image, path }: { readonly image: number; readonly path: string },
): readonly number[] {
  return placesOf(workspace.at(image).image, path);
}
