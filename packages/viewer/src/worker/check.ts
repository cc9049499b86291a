import { checkSteps } from 'cramfs-reader';
import { shownCheck, type ShownCheck } from '../model/findings.js';
import type { Kernel } from '../model/kernel.js';
import { inSlices } from './slices.js';
import type { ViewedImage, Workspace } from './workspace.js';

/** Checks an image while other requests are answered. */
export function answerCheck(
  workspace: Workspace,
  { image, kernel }: { readonly image: number; readonly kernel: Kernel },
): Promise<ShownCheck> {
  const viewed = workspace.at(image);
  if (viewed.check !== undefined) return Promise.resolve(viewed.check);
  return viewed.remember(`check ${String(kernel.mmu)}`, () => check(viewed, kernel.mmu));
}

async function check({ image }: ViewedImage, mmu: boolean): Promise<ShownCheck> {
  const { bytes, blockSize, dialectName, wordSize, zlib } = image;
  // The bytes of an open image are in normal order.
  const dialect = wordSize === 1 ? dialectName : undefined;
  return shownCheck(
    await inSlices(checkSteps(bytes, { blockSize, dialect, zlib, lzma: zlib, mmu })),
  );
}
