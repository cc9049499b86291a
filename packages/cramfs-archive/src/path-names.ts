import { nameToText } from 'cramfs-format';
import { TarFormatError } from './ustar.js';

/** PATH_MAX without its NUL: the longest path that Linux could extract. Also bounds the depth of the tree. */
const MAX_PATH = 4095;

/**
 * The components of a member's path, without leading and doubled slashes, and dots.
 *
 * @throws TarFormatError if the path could not be extracted, or leads out of the archive's root.
 */
export function tarPathNames(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  const text = nameToText(path.slice(0, 256));
  if (names.includes('..')) throw new TarFormatError(`'${text}': a path with '..'`);
  if (path.includes('\0')) throw new TarFormatError(`'${text}': a path with a NUL`);
  const length = names.reduce((sum, name) => sum + 1 + name.length, 0);
  if (length > MAX_PATH) throw new TarFormatError(`'${text}...': a path of ${length} bytes`);
  return names;
}
