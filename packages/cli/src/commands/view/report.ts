import { gzipSync } from 'node:zlib';
import { AtomicFile } from 'mkcramfs/node';
import { viewerDocument } from 'cramfs-viewer';
import type { PageImage } from './images.js';
import { startImage } from './start-image.js';
import { toolVersion } from '../../version.js';

/**
 * Writes one file with the page and the images in it.
 *
 * @throws the system's error if it cannot be written; then there is no file, or the old one.
 */
export function writeReport(path: string, template: string, images: readonly PageImage[]): void {
  const embedded = images.map(({ bytes }, index) => ({
    element: `image-${index}`,
    base64: gzipSync(bytes).toString('base64'),
  }));
  const start = images.map((image, index) =>
    startImage(image, { from: { element: `image-${index}` }, gzip: true, withoutData: false }),
  );
  const pieces = viewerDocument(template, { version: toolVersion(), images: start, embedded });
  const file = new AtomicFile(path);
  try {
    for (const piece of pieces) file.write(Buffer.from(piece));
    file.commit();
  } finally {
    file.abort();
  }
}
