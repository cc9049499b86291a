import { SyscallError } from '../errno.js';
import type { Inode } from './inode.js';
import type { MountTable } from './mount.js';

/** include/linux/namei.h:MAXSYMLINKS. */
const MAX_SYMLINKS = 40;
const NAME_MAX = 255;

/** struct path, resolved: an inode and the absolute path that leads to it. */
export interface ResolvedPath {
  readonly inode: Inode;
  readonly path: string;
}

/** A step of the walk; places above any mount have no inode. */
interface Step {
  readonly inode: Inode | undefined;
  readonly path: string;
}

/**
 * Walks an absolute path, a byte string, through mounts and symlinks. Compare
 * fs/namei.c:link_path_walk().
 *
 * @throws SyscallError ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, or what a lookup throws.
 */
export function pathLookup(mounts: MountTable, path: string): ResolvedPath {
  const root: Step = { inode: mounts.at('/')?.sb.root, path: '' };
  const trail: Step[] = [root];
  const pending = components(path);
  let symlinks = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const here = trail.at(-1)!;
    if (here.inode !== undefined && !here.inode.isDirectory) throw new SyscallError('ENOTDIR');
    if (name === '.') continue;
    if (name === '..') {
      if (trail.length > 1) trail.pop();
      continue;
    }
    if (name.length > NAME_MAX) throw new SyscallError('ENAMETOOLONG');
    const next = step(mounts, here, name);
    if (next.inode?.isSymlink === true) {
      symlinks += 1;
      if (symlinks > MAX_SYMLINKS) throw new SyscallError('ELOOP');
      const target = next.inode.readlink();
      if (target.startsWith('/')) trail.length = 1;
      pending.push(...components(target));
      continue;
    }
    trail.push(next);
  }
  const { inode, path: resolved } = trail.at(-1)!;
  if (inode === undefined) throw new SyscallError('ENOENT');
  return { inode, path: resolved === '' ? '/' : resolved };
}

function step(mounts: MountTable, here: Step, name: string): Step {
  const path = `${here.path}/${name}`;
  const mount = mounts.at(path);
  if (mount !== undefined) return { inode: mount.sb.root, path };
  if (here.inode === undefined) {
    for (const { path: mountPath } of mounts) {
      if (mountPath.startsWith(`${path}/`)) return { inode: undefined, path };
    }
    throw new SyscallError('ENOENT');
  }
  const inode = here.inode.lookup(name);
  if (inode === undefined) throw new SyscallError('ENOENT');
  return { inode, path };
}

/** Components of a path, last first; a trailing slash asks for a directory and stays as `.`. */
function components(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '');
  if (names.length > 0 && path.endsWith('/')) names.push('.');
  return names.reverse();
}
