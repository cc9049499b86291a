import { nameToText } from 'cramfs-format';
import { TarFormatError } from './ustar.js';

/** PATH_MAX without its NUL: what Linux could extract. Keeps the depth of the tree bounded, too. */
const MAX_PATH = 4095;

/**
 * The components of a member's path, without what does not count: leading and doubled slashes, dots.
 *
 * @throws TarFormatError for what could not be extracted, or not below the archive's root.
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
