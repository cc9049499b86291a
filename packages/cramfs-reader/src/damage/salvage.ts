import { plural } from 'cramfs-format';
import { recogniseImage } from '../dialects/index.js';
import { openImage } from '../image.js';
import { lzmaInflater } from '../lzma.js';
import { portableZlib, type ZlibCodec } from '../zlib.js';
import { findRoot, rootAt, withSuperblock, type FoundRoot } from './lost-superblock.js';
import {
  detectOutOfBand,
  makesMoreSense,
  withoutOutOfBand,
  type OutOfBand,
} from './out-of-band.js';
import { findShift, withoutShift } from './shifted.js';
import { attempt } from './soundness.js';

/** What is known about the damage of an image, or is to be found out. */
export interface SalvageOptions {
  /** Spare areas of NAND pages in between. `auto`: detected, by the CRC or by what makes sense. */
  readonly oob?: OutOfBand | 'auto' | undefined;
  /** Image offset of a root directory without a superblock. `auto`: searched if there is none. */
  readonly root?: number | 'auto' | undefined;
  /** Find out whether skipped erase blocks have shifted what follows. */
  readonly shift?: boolean | undefined;
  /** Where in the flash the image starts: erase blocks count from the flash's start; default 0. */
  readonly origin?: number | undefined;
  readonly zlib?: ZlibCodec | undefined;
}

interface ShiftOptions {
  readonly shift: boolean;
  readonly origin: number;
  readonly zlib: ZlibCodec;
}

export interface Salvaged {
  /** A copy that can be opened like any image, or the given bytes if nothing was mended. */
  readonly bytes: Uint8Array;
  /** What was done, in words. */
  readonly notes: readonly string[];
}

/**
 * Mends the known kinds of damage of flash dumps: takes out spare areas, makes a superblock for a root
 * directory, shifts back what skipped erase blocks have shifted.
 */
export function salvageImage(
  bytes: Uint8Array,
  { oob, root, shift = false, origin = 0, zlib = portableZlib }: SalvageOptions,
): Salvaged {
  const mend = (straight: Uint8Array): Salvaged =>
    mendStraight(straight, { root, shift, origin, zlib });
  const without = (spare: OutOfBand): Salvaged => {
    const mended = mend(withoutOutOfBand(bytes, spare));
    const note = `removed ${plural(spare.spare, 'byte')} after every ${spare.data}`;
    return { bytes: mended.bytes, notes: [note, ...mended.notes] };
  };
  if (oob === undefined) return mend(bytes);
  if (oob !== 'auto') return without(oob);
  const found = detectOutOfBand(bytes, zlib);
  if (found === undefined) return mend(bytes);
  if (found.isCertain) return without(found.geometry);
  // Shifts can look like spare areas: keep the reading that saves more.
  const [as, other] = [mend(bytes), without(found.geometry)];
  return makesMoreSense(other.bytes, as.bytes, zlib) ? other : as;
}

/** Bytes without spare areas, with a superblock and everything in its place. */
function mendStraight(
  bytes: Uint8Array,
  { root, shift, origin, zlib }: Pick<Required<SalvageOptions>, 'root'> & ShiftOptions,
): Salvaged {
  const notes: string[] = [];
  let straight = bytes;
  const hasSuperblock = recogniseImage(straight) !== undefined;
  if (typeof root === 'number' || (root === 'auto' && !hasSuperblock)) {
    const found = root === 'auto' ? findRoot(straight) : rootAt(straight, root);
    if (found !== undefined) {
      straight = withSuperblock(found, zlib);
      notes.push(rootNote(found, straight, zlib));
    }
  }
  if (shift && recogniseImage(straight) !== undefined) {
    straight = withoutShifts(straight, { origin, zlib }, notes);
  }
  return { bytes: straight, notes };
}

/** What was taken as the root, and how the rest of the image is read. */
function rootNote(
  { offset, size, endianness, wordSize, others }: FoundRoot,
  straight: Uint8Array,
  zlib: ZlibCodec,
): string {
  const dialect = attempt(() => openImage(straight, { zlib, lzma: lzmaInflater }).dialectName);
  const isUsual = dialect === undefined || dialect === 'standard' || dialect === 'old';
  return [
    `took the directory at 0x${offset.toString(16)} for the root: ${plural(size, 'byte')}, ${endianness} endian`,
    ...(wordSize === 1 ? [] : [`words of ${8 * wordSize} bits turned round`]),
    ...(isUsual ? [] : [`dialect ${dialect}`]),
    ...(others.length === 0
      ? []
      : [`and found ${plural(others.length, 'directory', 'directories')} beside it`]),
  ].join(', ');
}

/** The most bad blocks that a dump can have: with more, it is another kind of damage. */
const MAX_SHIFTS = 32;

function withoutShifts(
  bytes: Uint8Array,
  { origin, zlib }: { readonly origin: number; readonly zlib: ZlibCodec },
  notes: string[],
): Uint8Array {
  let straight = bytes;
  /** What comes before is in its place. */
  let from = 0;
  for (let count = 0; count < MAX_SHIFTS; count += 1) {
    const image = attempt(() => openImage(straight, { zlib, lzma: lzmaInflater }));
    const found = image && findShift(image, from, origin);
    if (found === undefined) return straight;
    const { at, by } = found;
    straight = withoutShift(straight, found);
    from = at;
    const what = by > 0 ? `left out ${by} bytes` : `made room for ${-by} lost bytes`;
    notes.push(`${what} at 0x${at.toString(16)}`);
  }
  return straight;
}
