import { EMBEDDED_MAGICS, type EmbeddedKind } from 'cramfs-archive/node';
import { IMAGE_MAGICS } from '../../find-images.js';
import type { ByteSource } from './byte-source.js';

/** A place where an image or a compressed stream can start. */
export interface Hit {
  readonly offset: number;
  readonly kind: 'image' | EmbeddedKind;
}

const CHUNK = 2 ** 23;

const NEEDLES: readonly (readonly [kind: Hit['kind'], needle: Buffer])[] = [
  ...IMAGE_MAGICS.map((magic) => ['image', Buffer.from(magic)] as const),
  ...EMBEDDED_MAGICS.map(([kind, magic]) => [kind, Buffer.from(magic)] as const),
];
const LONGEST = Math.max(...NEEDLES.map(([, { length }]) => length));

/**
 * Looks for magics, in order of their places. Each is looked for on its own: that takes no more time
 * than memory needs, while a loop over all bytes would take ten times as long.
 */
export function* scan(source: ByteSource): Generator<Hit, void> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK + LONGEST);
  for (let start = 0; start < source.size; start += CHUNK) {
    // A copy: the caller reads elsewhere when it gets a hit.
    const found = source.read(start, CHUNK + LONGEST);
    const chunk = buffer.subarray(0, found.length);
    chunk.set(found);
    const hits: Hit[] = [];
    for (const [kind, needle] of NEEDLES) {
      for (let at = chunk.indexOf(needle); at >= 0; at = chunk.indexOf(needle, at + 1)) {
        if (at < CHUNK) hits.push({ offset: start + at, kind });
      }
    }
    yield* hits.sort((a, b) => a.offset - b.offset);
    if (found.length <= CHUNK) return;
  }
}
