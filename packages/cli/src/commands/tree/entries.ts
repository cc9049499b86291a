import { withPath, type CramfsError } from 'cramfs-format';
import type { CramfsImage, Inode } from 'cramfs-reader';
import type { Problems } from '../../shell/problems.js';
import { atPath } from '../../shell/report-error.js';

/** An entry below the directory that is drawn. */
export interface TreeEntry {
  /** Byte string from the root of the image. */
  readonly path: string;
  readonly name: string;
  readonly inode: Inode;
  /** Target of a symlink, if it can be read. */
  readonly target: string | undefined;
  /** How many directories contain it, from the one that is drawn (0) on. */
  readonly depth: number;
}
/** The directory that is drawn, and everything below it, each directory before its entries. */
export function* entriesBelow(
  image: CramfsImage,
  path: string,
  top: Inode,
  problems: Problems,
): Generator<TreeEntry, void> {
  const base = path.replace(/\/+$/, '');
  const absolute = (inWalk: string): string => (inWalk === '/' ? path : base + inWalk);
  const onError = (error: CramfsError): void => {
    problems.add(withPath(error, absolute(error.path ?? '/')));
  };
  /** Paths of the current directories. A name may contain slashes, so paths alone do not tell. */
  const above: string[] = [];
  for (const { path: inWalk, name, inode } of image.walk(top, { onError })) {
    const parent = inWalk.slice(0, inWalk.length - name.length - 1);
    while (above.length > 0 && above.at(-1) !== parent) above.pop();
    const here = absolute(inWalk);
    const target =
      inode.type === 'symlink' && image.unreadable === undefined
        ? problems.try(() => atPath(here, () => image.readlink(inode)))
        : undefined;
    yield { path: here, name, inode, target, depth: above.length };
    if (inode.type === 'directory') above.push(inWalk === '/' ? '' : inWalk);
  }
}
