import { CRAMFS_DEFAULT_BLOCK_SIZE } from 'cramfs-format';
import { verifyCrc } from '../crc.js';
import { recogniseImage } from '../dialects/index.js';
import { CramfsImage } from '../image.js';
import type { ZlibCodec } from '../zlib.js';

/** True if there is an image at the start of `bytes` whose CRC is right. */
export function hasRightCrc(bytes: Uint8Array, zlib: ZlibCodec): boolean {
  const recognised = recogniseImage(bytes);
  if (recognised === undefined) return false;
  const image = new CramfsImage(recognised, CRAMFS_DEFAULT_BLOCK_SIZE, { zlib });
  const { verdict } = verifyCrc(image);
  return verdict === 'right' || verdict === 'swapped';
}
