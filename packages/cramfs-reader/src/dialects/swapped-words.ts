import {
  CRAMFS_MAGIC,
  CRAMFS_PAD_SIZE,
  CRAMFS_SIGNATURE,
  SUPERBLOCK,
  nameToBytes,
} from 'cramfs-format';

/** Bytes of the words in which an image is stored backwards; 1 if it is not. */
export type WordSize = 1 | 2 | 4;

/**
 * Recognises an image whose 16- or 32-bit words are stored backwards, as when flash on a bus of that width is
 * read out by a programmer of the other byte order. A magic in 32-bit words looks like that of the other byte
 * order, but then the signature is backwards, too.
 */
export function findWordSize(bytes: Uint8Array): WordSize {
  for (const at of [0, CRAMFS_PAD_SIZE]) {
    for (const size of [2, 4] as const) if (isSwappedSuperblock(bytes, at, size)) return size;
  }
  return 1;
}

/** True if there is a superblock in words of `size` bytes, stored backwards, at byte `at`. */
export function isSwappedSuperblock(bytes: Uint8Array, at: number, size: WordSize): boolean {
  const head = swapWords(bytes.subarray(at, at + SUPERBLOCK.size), size);
  if (head.length < SUPERBLOCK.size) return false;
  const view = new DataView(head.buffer);
  const isMagic = [true, false].some((little) => view.getUint32(0, little) === CRAMFS_MAGIC);
  if (!isMagic) return false;
  const { signature } = SUPERBLOCK.at;
  return nameToBytes(CRAMFS_SIGNATURE).every((byte, index) => head[signature + index] === byte);
}

/** A copy of `bytes` with the bytes of each word reversed; an incomplete word at the end stays. */
export function swapWords(bytes: Uint8Array, size: WordSize): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  const end = copy.length - (copy.length % size);
  if (size === 2) {
    for (let at = 0; at < end; at += 2) {
      const byte = copy[at]!;
      copy[at] = copy[at + 1]!;
      copy[at + 1] = byte;
    }
  } else if (size === 4) {
    const view = new DataView(copy.buffer);
    for (let at = 0; at < end; at += 4) view.setUint32(at, view.getUint32(at, true), false);
  }
  return copy;
}
