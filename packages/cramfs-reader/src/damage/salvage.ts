import { plural } from 'cramfs-format';
import { openImage } from '../image.js';
import { findSuperblock } from '../superblock.js';
import { portableZlib, type ZlibCodec } from '../zlib.js';
import { findRoot, rootAt, withSuperblock } from './lost-superblock.js';
import { detectOutOfBand, withoutOutOfBand, type OutOfBand } from './out-of-band.js';
import { findShift, withoutShift } from './shifted.js';

/** What is known, or to be found out, about how an image is damaged. */
export interface SalvageOptions {
  /** Spare areas of NAND pages in between. `auto`: found out by the CRC. */
  readonly oob?: OutOfBand | 'auto' | undefined;
  /** Image offset of a root directory without a superblock. `auto`: searched if there is none. */
  readonly root?: number | 'auto' | undefined;
  /** Find out whether a skipped erase block has shifted what follows. */
  readonly shift?: boolean | undefined;
  readonly zlib?: ZlibCodec | undefined;
}

export interface Salvaged {
  /** A copy that can be opened like any image; the bytes that were given if nothing was mended. */
  readonly bytes: Uint8Array;
  /** What was done, in words. */
  readonly notes: readonly string[];
}

/**
 * Mends what is known of the ways in which dumps of flash are damaged: takes out spare areas, makes a
 * superblock for a root directory, shifts back what a skipped erase block has shifted.
 */
export function salvageImage(
  bytes: Uint8Array,
  { oob, root, shift = false, zlib = portableZlib }: SalvageOptions,
): Salvaged {
  const notes: string[] = [];
  let straight = bytes;
  const spare = oob === 'auto' ? detectOutOfBand(straight, zlib) : oob;
  if (spare !== undefined) {
    straight = withoutOutOfBand(straight, spare);
    notes.push(`took out ${spare.spare} bytes after every ${spare.data}`);
  }
  const hasSuperblock = findSuperblock(viewOf(straight)) !== undefined;
  if (typeof root === 'number' || (root === 'auto' && !hasSuperblock)) {
    const found = root === 'auto' ? findRoot(straight) : rootAt(straight, root);
    if (found !== undefined) {
      straight = withSuperblock(straight, found);
      notes.push(
        `took the directory at 0x${found.offset.toString(16)} for the root: ` +
          `${plural(found.size, 'byte')}, ${found.endianness} endian`,
      );
    }
  }
  if (shift && findSuperblock(viewOf(straight)) !== undefined) {
    const found = findShift(openImage(straight, { zlib }));
    if (found !== undefined) {
      straight = withoutShift(straight, found);
      const { at, by } = found;
      const what = by > 0 ? `left out ${by} bytes` : `made room for ${-by} lost bytes`;
      notes.push(`${what} at 0x${at.toString(16)}`);
    }
  }
  return { bytes: straight, notes };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
