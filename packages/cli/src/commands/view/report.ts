import { gzipSync } from 'node:zlib';
import { checkImageFile } from 'cramfs-reader/node';
import {
  shownCheck,
  viewerDocument,
  withoutFileData,
  type EmbeddedImage,
  type StartImage,
} from 'cramfs-viewer';
import type { PageImage } from './images.js';
import { writeWhole } from '../../shell/write-whole.js';
import { startImage } from './start-image.js';
import { toolVersion } from '../../version.js';

/**
 * Writes one file with the page and the images in it.
 *
 * @param data false to leave out the content of files.
 * @throws FileError if it cannot be written; then there is no file, or the old one.
 */
export async function writeReport(
  path: string,
  template: string,
  images: readonly PageImage[],
  data: boolean,
): Promise<void> {
  const start: StartImage[] = [];
  const embedded: EmbeddedImage[] = [];
  for (const [index, image] of images.entries()) {
    const element = `image-${index}`;
    const bytes = data ? image.bytes : withoutFileData(image.image);
    embedded.push({ element, base64: gzipSync(bytes).toString('base64') });
    const own = startImage(image, { from: { element }, gzip: true, withoutData: !data });
    start.push(data ? own : { ...own, check: await checkOf(image) });
  }
  await writeWhole(
    path,
    viewerDocument(template, { version: toolVersion(), images: start, embedded }),
  );
}

/** What the page would find in the image as it was. */
async function checkOf({ bytes, blockSize, dialect }: PageImage) {
  return shownCheck(await checkImageFile(bytes, { blockSize, dialect, mmu: true }));
}
