import { gzipSync } from 'node:zlib';
import { AtomicFile } from 'mkcramfs/node';
import { checkImageFile } from 'cramfs-reader/node';
import {
  shownCheck,
  viewerDocument,
  withoutFileData,
  type EmbeddedImage,
  type StartImage,
} from 'cramfs-viewer';
import type { PageImage } from './images.js';
import { about } from '../../shell/report-error.js';
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
  const pieces = viewerDocument(template, { version: toolVersion(), images: start, embedded });
  await about(path, () => {
    writeWhole(path, pieces);
  });
}

/** What the page would find in the image as it was. */
async function checkOf({ bytes, blockSize, dialect }: PageImage) {
  return shownCheck(await checkImageFile(bytes, { blockSize, dialect, mmu: true }));
}

/** Writes a file that appears or changes only when it is complete. */
function writeWhole(path: string, pieces: readonly string[]): void {
  const file = new AtomicFile(path);
  try {
    for (const piece of pieces) file.write(Buffer.from(piece));
    file.commit();
  } finally {
    file.abort();
  }
}
