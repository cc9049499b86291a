import type { CramfsImage, Inode } from 'cramfs-reader';
import type { DirectoryEntry } from 'mkcramfs';
import type { Problems } from '../../shell/problems.js';

/** One of the things that are compared. */
export interface Side {
  /** An image, or the tree of a directory or tar. */
  readonly content: CramfsImage | DirectoryEntry;
  readonly problems: Problems;
  /** The target of a symlink of this side. @throws CramfsError */
  readonly readlink: (inode: Inode) => string;
}
