import { CramfsError } from 'cramfs-format';
import type { Inode } from './types.js';

/**
 * Keeps hostile directory graphs finite. In a sound image every directory has one parent and its
 * own bytes; so a walk that reaches a directory's bytes a second time is in a loop, or in a graph whose paths
 * may double at each level. Directories that together are larger than the image overlap.
 */
export class DirectoryGuard {
  private readonly seen = new Set<number>();
  private readonly imageSize: number;
  private bytes = 0;

  constructor(imageSize: number) {
    this.imageSize = imageSize;
  }

  /** @throws CramfsError LOOP */
  enter(dir: Inode): void {
    // Nothing is read. If the root is empty, Linux does not even look at its size.
    if (dir.size === 0 || dir.dataOffset === 0) return;
    if (this.seen.has(dir.dataOffset)) {
      throw new CramfsError('LOOP', `the directory at ${dir.dataOffset} is reached twice`, {
        offset: dir.entryOffset,
      });
    }
    if (this.bytes + dir.size > this.imageSize) {
      throw new CramfsError(
        'LOOP',
        'directories overlap: together they are larger than the image',
        { offset: dir.entryOffset },
      );
    }
    this.seen.add(dir.dataOffset);
    this.bytes += dir.size;
  }
}
