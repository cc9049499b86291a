import type { CramfsError } from 'cramfs-format';
import type { CramfsImage, Inode } from 'cramfs-reader';

/** An inode of an image by one of its names. */
export interface SelectedFile {
  /** Byte string. */
  readonly path: string;
  readonly inode: Inode;
}

/**
 * The regular files below a directory, whose path is `base`; that of the root is ''.
 *
 * @param onError called with directories that cannot be read; the others are searched.
 */
export function filesBelow(
  image: CramfsImage,
  directory: Inode,
  base: string,
  onError: (error: CramfsError) => void,
): SelectedFile[] {
  const files: SelectedFile[] = [];
  for (const { path, inode } of image.walk(directory, { onError })) {
    if (inode.type === 'file') files.push({ path: base + path, inode });
  }
  return files;
}
