import { CramfsError, isCramfsError } from 'cramfs-format';
import { fileDetail, type FileDetail } from '../model/file-detail.js';
import { contentWindow, imageWindow, type HexWindow } from '../model/hex-window.js';
import type { Kernel } from '../model/kernel.js';
import { mapOf } from './flash.js';
import { entriesOf } from './listing.js';
import type { Workspace } from './workspace.js';

export function answerFile(
  workspace: Workspace,
  {
    image,
    kernel,
    path,
  }: { readonly image: number; readonly kernel: Kernel; readonly path: string },
): FileDetail {
  return fileDetail(workspace.at(image).image, path, kernel);
}

/** Returns bytes of the image, or of the content of the file at `path`. */
export function answerHex(
  workspace: Workspace,
  {
    image,
    kernel,
    path,
    offset,
  }: {
    readonly image: number;
    readonly kernel: Kernel;
    readonly path: string | undefined;
    readonly offset: number;
  },
): HexWindow {
  const viewed = workspace.at(image);
  if (path === undefined) {
    return imageWindow(viewed.image, entriesOf(viewed), mapOf(viewed, kernel), offset);
  }
  const inode = viewed.image.lookup(path, { followSymlinks: false });
  try {
    return contentWindow(viewed.image, inode, offset);
  } catch (error) {
    if (!viewed.withoutData || !isCramfsError(error, 'BAD_DATA')) throw error;
    throw new CramfsError('BAD_DATA', 'the content of files has been left out of this report');
  }
}
