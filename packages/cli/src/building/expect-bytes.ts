import type { WorkerCompressor } from 'mkcramfs/node';
import { optimizeLater } from '../shell/optimize-later.js';

/** From about this size of a source on, {@link optimizeLater} saves time. */
const LARGE = 4 * 2 ** 20;

/** Returns what takes the sizes of a source's files as they are found, so that all is ready when they are read. */
export function expectBytes(compressor: WorkerCompressor): (bytes: number) => void {
  let expected = 0;
  return (bytes) => {
    if (expected < LARGE && expected + bytes >= LARGE) optimizeLater();
    expected += bytes;
    compressor.expect(bytes);
  };
}
