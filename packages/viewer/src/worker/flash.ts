import { flashDetail, type FlashDetail } from '../model/flash-detail.js';
import { flashMap, type FlashMap } from '../model/flash-map.js';
import type { Kernel } from '../model/kernel.js';
import { entriesOf } from './listing.js';
import type { ViewedImage, Workspace } from './workspace.js';

export interface FlashParameters {
  readonly image: number;
  readonly kernel: Kernel;
}

export function answerFlashMap(workspace: Workspace, { image, kernel }: FlashParameters): FlashMap {
  return mapOf(workspace.at(image), kernel);
}

export function answerFlashDetail(
  workspace: Workspace,
  { image, kernel, offset }: FlashParameters & { readonly offset: number },
): FlashDetail | undefined {
  const viewed = workspace.at(image);
  return flashDetail(viewed.image, entriesOf(viewed), mapOf(viewed, kernel), offset);
}

/** The flash map of an image for a kernel, made once. */
export function mapOf(viewed: ViewedImage, kernel: Kernel): FlashMap {
  return viewed.remember(`flash ${JSON.stringify(kernel)}`, (image) =>
    flashMap(image, entriesOf(viewed), kernel),
  );
}
