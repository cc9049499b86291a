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
 * Looks for magics, in order of their places. Each is searched on its own, which is as fast as memory; a loop
 * over all bytes would take ten times as long. Erased flash and holes are skipped.
 */
export function* scan(source: ByteSource): Generator<Hit, void> {
  for (let start = 0; start < source.size; start += CHUNK) {
    const found = source.read(start, CHUNK + LONGEST);
    const { length } = found;
    // Find all of them first: the caller may read elsewhere between two.
    yield* isBlank(found) ? [] : hitsIn(found, start);
    if (length <= CHUNK) return;
  }
}

function hitsIn(bytes: Uint8Array, start: number): Hit[] {
  const chunk = asBuffer(bytes);
  const hits: Hit[] = [];
  for (const [kind, needle] of NEEDLES) {
    for (let at = chunk.indexOf(needle); at >= 0; at = chunk.indexOf(needle, at + 1)) {
      if (at < CHUNK) hits.push({ offset: start + at, kind });
    }
  }
  return hits.sort((a, b) => a.offset - b.offset);
}

/** True if all bytes are the same: every byte equals the one before it. No magic looks like that. */
function isBlank(bytes: Uint8Array): boolean {
  return asBuffer(bytes.subarray(1)).equals(bytes.subarray(0, -1));
}

function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
