import { CramfsError, isCramfsError, textToName } from 'cramfs-format';
import type { CramfsImage, Inode } from 'cramfs-reader';
import { compileGlobs } from 'cramfs-reader/glob';

/**
 * The paths that operands name, as byte strings: each operand is a path, or else a pattern. An operand that
 * is neither an existing path nor a pattern stays, so that the command reports it.
 *
 * @param accepts whether a pattern may match an entry; a named path is taken whatever it is.
 * @param onError called with patterns that match nothing, and directories that cannot be searched.
 */
export function expandPaths(
  image: CramfsImage,
  operands: readonly string[],
  accepts: (inode: Inode, path: string) => boolean,
  onError: (error: unknown) => void,
): string[] {
  return operands.flatMap((operand) => {
    const path = textToName(operand);
    if (!isPattern(operand) || exists(image, path)) return [path];
    try {
      return matchingPaths(image, operand, accepts, onError);
    } catch (error) {
      onError(error);
      return [];
    }
  });
}

/** True if a word has characters with a meaning in globs. */
export function isPattern(word: string): boolean {
  return /[*?[{]/.test(word);
}

function exists(image: CramfsImage, path: string): boolean {
  try {
    image.lookup(path, { followSymlinks: false });
    return true;
  } catch (error) {
    if (isCramfsError(error)) return false;
    throw error;
  }
}

function matchingPaths(
  image: CramfsImage,
  pattern: string,
  accepts: (inode: Inode, path: string) => boolean,
  onError: (error: unknown) => void,
): string[] {
  const matches = compileGlobs([pattern]);
  const found: string[] = [];
  let matched = false;
  for (const { path, inode } of image.walk(image.root, { onError })) {
    if (path === '/' || !matches(path)) continue;
    matched = true;
    if (accepts(inode, path)) found.push(path);
  }
  if (found.length === 0) {
    const what = matched ? 'nothing that this command can print' : 'nothing in the image';
    throw new CramfsError('NOT_FOUND', `${what} matches '${pattern}'`);
  }
  return found;
}
