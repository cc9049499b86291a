import type { Inode } from './inode.js';
import type { Mount, MountTable } from './mount.js';

/** A path that leads through a mount, to another one. */
export interface MovedName {
  readonly from: string;
  readonly to: string;
}

/** A path through `own`, as seen through another mount of the same file system. */
function through(mount: Mount, own: Mount, path: string): string {
  const top = own.path === '/' ? '' : own.path;
  const below = mount.path === '/' ? '' : mount.path;
  return below + path.slice(top.length);
}

/**
 * Tells open files and working directories, all at once, that files and directories have new paths,
 * including those below them.
 */
export function namesMoved(mounts: MountTable, own: Mount, moves: readonly MovedName[]): void {
  for (const mount of own.sb.mounts) {
    const seen = moves.map(({ from, to }) => ({
      from: through(mount, own, from),
      to: through(mount, own, to),
    }));
    for (const file of mount.files) file.renamed(movedPath(seen, file.path) ?? file.path);
    for (const user of mounts.users) user.moved((path) => movedPath(seen, path));
  }
}

function movedPath(moves: readonly MovedName[], path: string): string | undefined {
  for (const { from, to } of moves) {
    if (path === from || path.startsWith(`${from}/`)) return to + path.slice(from.length);
  }
  return undefined;
}

/** Marks the open files of a name that is gone. Compare fs/d_path.c:d_path(). */
export function nameRemoved(own: Mount, path: string, inode: Inode): void {
  for (const mount of own.sb.mounts) {
    const seen = through(mount, own, path);
    for (const file of mount.files) {
      if (file.path === seen && file.userInode === inode) file.renamed(`${seen} (deleted)`);
    }
  }
}
