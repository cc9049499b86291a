import { buildRawImage, directory, file, noise, special, symlink } from '../helpers/raw-image.js';
import type { RawImage, RawImageOptions, RawTree } from '../helpers/raw-image.js';

/** A name with an escape sequence for a terminal, a backslash and a byte that is no UTF-8. */
const EVIL_NAME = 'evil\x1b[31m\\\xff';
/** How it has to be printed. */
export const EVIL_TEXT = String.raw`evil\x1b[31m\\\xff`;

const SAMPLE_TREE: RawTree = {
  bin: directory({
    busybox: file(noise(9000, 1), { mode: 0o4755, blocks: 'DDD' }),
    sh: symlink('busybox'),
  }),
  dev: directory({
    console: special(0o020600, (5 << 8) | 1, { uid: 0, gid: 5 }),
    disk: special(0o060660, 8 << 8),
    log: special(0o140666),
    pipe: special(0o010644),
  }),
  etc: directory({
    [EVIL_NAME]: file('harmless'),
    passwd: file('root:x:0:0::/:/bin/sh\n', { uid: 1000, gid: 100 }),
    zeros: file(new Uint8Array(5000), { blocks: 'HH' }),
  }),
  'h\xc3\xa9llo': file('UTF-8'),
};

export function sampleImage(options: RawImageOptions = {}): RawImage {
  return buildRawImage(SAMPLE_TREE, { flags: 0x903, name: 'sample', ...options });
}
