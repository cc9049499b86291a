import { compareImages, placesOf, type Comparison } from '../model/compare.js';
import type { Kernel } from '../model/kernel.js';
import type { Workspace } from './workspace.js';

/** @param parameters `before` and `after`: numbers of images. */
export function answerCompare(
  workspace: Workspace,
  {
    before,
    after,
    kernel,
  }: { readonly before: number; readonly after: number; readonly kernel: Kernel },
): Comparison {
  const old = workspace.at(before);
  return workspace
    .at(after)
    .remember(`compare ${before} ${JSON.stringify(kernel)}`, (image) =>
      compareImages(old.image, image, kernel),
    );
}

/** Where a file is in an image. */
export function answerPlaces(
  workspace: Workspace,
  { image, path }: { readonly image: number; readonly path: string },
): readonly number[] {
  return placesOf(workspace.at(image).image, path);
}
