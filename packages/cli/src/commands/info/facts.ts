import {
  CRAMFS_FLAG_EXT_BLOCK_POINTERS,
  CRAMFS_FLAG_FSID_VERSION_2,
  CRAMFS_FLAG_HOLES,
  CRAMFS_FLAG_SHIFTED_ROOT_OFFSET,
  CRAMFS_FLAG_SORTED_DIRS,
  CRAMFS_FLAG_WRONG_SIGNATURE,
} from 'cramfs-format';
import { verifyCrc, type CramfsImage, type CrcVerdict, type DialectName } from 'cramfs-reader';
import { hex } from '../../render/json.js';
import type { Contents } from './contents.js';

/** An image in a file, and what `cramfs info` tells about it. */
export interface Facts {
  readonly image: CramfsImage;
  /** Where it starts in the file. */
  readonly offset: number;
  readonly flagNames: readonly string[];
  readonly contents: Contents;
  /** Undefined in images from before fsid version 2, where these fields were something else. */
  readonly fsid: Fsid | undefined;
  /** The image's dialect, or the one with its CRC in the other byte order. */
  readonly dialect: DialectName;
}

/** What the superblock counts since fsid version 2. */
export type Fsid = Pick<
  CramfsImage['superblock'],
  'size' | 'crc' | 'edition' | 'blocks' | 'files'
> & {
  /** Undefined if the image is cut off. */
  readonly computedCrc: number | undefined;
  readonly crcVerdict: CrcVerdict;
};

const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [CRAMFS_FLAG_FSID_VERSION_2, 'fsid-version-2'],
  [CRAMFS_FLAG_SORTED_DIRS, 'sorted-dirs'],
  [CRAMFS_FLAG_HOLES, 'holes'],
  [CRAMFS_FLAG_WRONG_SIGNATURE, 'wrong-signature'],
  [CRAMFS_FLAG_SHIFTED_ROOT_OFFSET, 'shifted-root-offset'],
  [CRAMFS_FLAG_EXT_BLOCK_POINTERS, 'ext-block-pointers'],
];

/** Reads all of them; the CRC takes a pass over the image. */
export function factsOf(image: CramfsImage, offset: number, contents: Contents): Facts {
  const { superblock } = image;
  const hasFsid = (superblock.flags & CRAMFS_FLAG_FSID_VERSION_2) !== 0;
  const { computed: computedCrc, verdict: crcVerdict } = verifyCrc(image);
  const isSwapped = crcVerdict === 'swapped' && image.dialectName === 'standard';
  return {
    image,
    offset,
    flagNames: flagNames(superblock.flags),
    contents,
    fsid: hasFsid ? { ...superblock, computedCrc, crcVerdict } : undefined,
    dialect: isSwapped ? 'swapped-crc' : image.dialectName,
  };
}

/** Bits without a name are shown as one number at the end. */
function flagNames(flags: number): string[] {
  const known = FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0);
  const unnamed = known.reduce((rest, [bit]) => rest & ~bit, flags) >>> 0;
  return [...known.map(([, name]) => name), ...(unnamed === 0 ? [] : [hex(unnamed)])];
}

/** All eight digits. */
export function crcText(crc: number): string {
  return `0x${crc.toString(16).padStart(8, '0')}`;
}
