import { CramfsError, isCramfsError, textToName } from 'cramfs-format';
import type { CramfsImage, Inode } from 'cramfs-reader';
import { compileGlobs } from 'cramfs-reader/glob';
import { filesBelow, type SelectedFile } from './files-below.js';

/**
 * The regular files that `operands` name: paths of files, of directories (for all below them), or
 * patterns.
 *
 * @param onError called with directories that cannot be read; the others are searched.
 * @throws CramfsError NOT_FOUND for an operand that names no file.
 */
export function selectFiles(
  image: CramfsImage,
  operands: readonly string[],
  onError: (error: CramfsError) => void,
): SelectedFile[] {
  let all: SelectedFile[] | undefined;
  return operands.flatMap((operand) => {
    const path = textToName(operand);
    const inode = tryLookup(image, path);
    if (inode?.type === 'file') return [{ path, inode }];
    if (inode?.type === 'directory') {
      return filesBelow(image, inode, path.replace(/\/+$/, ''), onError);
    }
    all ??= filesBelow(image, image.root, '', onError);
    const matches = compileGlobs([operand]);
    const found = all.filter(({ path: candidate }) => matches(candidate));
    if (found.length === 0) {
      throw new CramfsError('NOT_FOUND', 'no regular file has this path or matches this pattern', {
        path,
      });
    }
    return found;
  });
}

/** All symbolic links below the directories that `operands` name, or of the image. */
export function selectLinks(image: CramfsImage, operands: readonly string[]): SelectedFile[] {
  const roots = operands.length === 0 ? ['/'] : operands.map(textToName);
  return roots.flatMap((root) => {
    const directory = tryLookup(image, root);
    if (directory?.type !== 'directory') return [];
    const base = root.replace(/\/+$/, '');
    const links: SelectedFile[] = [];
    for (const { path, inode } of image.walk(directory, { onError: () => undefined })) {
      if (inode.type === 'symlink') links.push({ path: base + path, inode });
    }
    return links;
  });
}

function tryLookup(image: CramfsImage, path: string): Inode | undefined {
  try {
    return image.lookup(path);
  } catch (error) {
    if (isCramfsError(error, 'NOT_FOUND', 'WRONG_TYPE')) return undefined;
    throw error;
  }
}
