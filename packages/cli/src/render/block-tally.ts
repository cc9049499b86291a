import { BLOCK_POINTER_SIZE, isCramfsError, plural } from 'cramfs-format';
import type { CramfsImage, Inode } from 'cramfs-reader';

/** How the blocks of files are stored, in numbers. */
export class BlockTally {
  compressed = 0;
  uncompressed = 0;
  holes = 0;
  /** Those of the above that have a direct pointer. */
  direct = 0;
  /** Bytes of stored blocks and of their pointers. */
  storedBytes = 0;

  /** @throws CramfsError if a pointer is bad. */
  static ofFile(image: CramfsImage, inode: Inode): BlockTally {
    const tally = new BlockTally();
    tally.addFile(image, inode);
    return tally;
  }

  /** @throws CramfsError if a pointer is bad; the blocks before it have been counted. */
  addFile(image: CramfsImage, inode: Inode): void {
    const count = image.blockCount(inode);
    for (let index = 0; index < count; index += 1) {
      const { kind, direct, length } = image.block(inode, index);
      if (kind === 'hole') this.holes += 1;
      else this[kind] += 1;
      if (direct) this.direct += 1;
      this.storedBytes += length + BLOCK_POINTER_SIZE;
    }
  }

  toJson() {
    const { compressed, uncompressed, holes, direct, storedBytes } = this;
    return { compressed, uncompressed, holes, direct, storedBytes };
  }

  toText(): string {
    return `${this.compressed + this.uncompressed + this.holes}: ${tallyText(this)}`;
  }
}

/** Bytes that an entry takes in the image in addition to its inode; 0 if unknown. */
export function storedBytes(image: CramfsImage, inode: Inode): number {
  if (inode.type === 'directory') return inode.size;
  if (inode.type !== 'file' && inode.type !== 'symlink') return 0;
  try {
    return BlockTally.ofFile(image, inode).storedBytes;
  } catch (error) {
    // `check` reports damage.
    if (isCramfsError(error)) return 0;
    throw error;
  }
}

/** `40 compressed, 3 uncompressed, 0 holes; 3 direct; 90112 bytes stored` */
export function tallyText(tally: ReturnType<BlockTally['toJson']>): string {
  const { compressed, uncompressed, holes, direct, storedBytes } = tally;
  return (
    `${compressed} compressed, ${uncompressed} uncompressed, ${plural(holes, 'hole')}; ` +
    `${direct} direct; ${plural(storedBytes, 'byte')} stored`
  );
}
