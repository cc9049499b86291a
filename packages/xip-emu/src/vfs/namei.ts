import { SyscallError } from '../errno.js';
import type { Inode } from './inode.js';
import type { Mount, MountTable } from './mount.js';

/** include/linux/namei.h:MAXSYMLINKS. */
const MAX_SYMLINKS = 40;
const NAME_MAX = 255;
const PATH_MAX = 4096;

/**
 * A place on the way from the root of the tree. Places above any mount have no inode: mount points
 * need no directory below.
 */
export interface Place {
  readonly inode: Inode | undefined;
  readonly mount: Mount | undefined;
  /** Absolute; empty for the root. */
  readonly path: string;
}

/** A place and all places above it, the root of the tree first. */
export type Trail = readonly Place[];

/** Where a process looks names up: its struct fs_struct, and the mounts of its machine. */
export interface LookupContext {
  readonly mounts: MountTable;
  readonly root: Trail;
  readonly cwd: Trail;
}

/** struct path, resolved: an inode and the absolute path that leads to it. */
export interface ResolvedPath {
  readonly inode: Inode;
  readonly mount: Mount;
  readonly path: string;
}

/** Where a name is, or could be: a dentry, negative if there is no inode. */
export interface LastComponent {
  readonly inode: Inode | undefined;
  /** The directory that has the entry; undefined above any mount. */
  readonly parent: Inode | undefined;
  readonly mount: Mount | undefined;
  /** Empty if the path ends in `.`, `..` or a root, which cannot be made or removed. */
  readonly name: string;
  /** The last component as it was written. */
  readonly written: string;
  readonly path: string;
  /** Slashes followed it: it has to be a directory. */
  readonly slash: boolean;
}

export interface LookupOptions {
  /** LOOKUP_FOLLOW: a symlink as the last component is followed. Default: true. */
  readonly follow?: boolean | undefined;
}

/** The root of a machine's tree. */
export function rootTrail(mounts: MountTable): Trail {
  const mount = mounts.at('/');
  return [{ inode: mount?.sb.root, mount, path: '' }];
}

/**
 * Walks a path, a byte string, through mounts and symlinks. Compare fs/namei.c:link_path_walk().
 *
 * @throws SyscallError ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, or what a lookup throws.
 */
export function pathLookup(
  context: LookupContext,
  path: string,
  options: LookupOptions = {},
): ResolvedPath {
  const walk = new PathWalk(context);
  walk.start(path, options.follow ?? true);
  const { inode, mount, path: resolved } = walk.here;
  if (walk.missing !== undefined || inode === undefined || mount === undefined) {
    throw new SyscallError('ENOENT');
  }
  return { inode, mount, path: resolved === '' ? '/' : resolved };
}

/** The trail to a directory, for chdir(2) and chroot(2). @throws SyscallError as pathLookup(). */
export function directoryTrail(context: LookupContext, path: string): Trail {
  const walk = new PathWalk(context);
  walk.start(path, true);
  if (walk.missing !== undefined) throw new SyscallError('ENOENT');
  if (walk.here.inode?.isDirectory === false) throw new SyscallError('ENOTDIR');
  return walk.trail;
}

/**
 * Walks to the directory of the last component, and looks the component up: a symlink there is not
 * followed, and `..` is not walked. Compare fs/namei.c:filename_parentat(), lookup_one_qstr_excl().
 *
 * @throws SyscallError as pathLookup().
 */
export function lookupParent(context: LookupContext, path: string): LastComponent {
  const walk = new PathWalk(context);
  walk.startToParent(path);
  const last = lastComponent(walk);
  const above = walk.atEntry ? walk.trail.at(-2) : walk.here;
  // Entries are changed through the mount by which the directory is seen.
  return { ...last, mount: above?.mount ?? last.mount };
}

/**
 * Walks to what is to be opened, which need not exist: symlinks are followed to their targets, even
 * missing ones. Compare fs/namei.c:open_last_lookups() and lookup_open().
 *
 * @throws SyscallError as pathLookup().
 */
export function lookupLast(
  context: LookupContext,
  path: string,
  options: LookupOptions = {},
): LastComponent {
  const walk = new PathWalk(context);
  walk.start(path, options.follow ?? false);
  return lastComponent(walk);
}

function lastComponent(walk: PathWalk): LastComponent {
  const { here, missing, written, slash } = walk;
  if (missing !== undefined) {
    const { inode: parent, mount } = here;
    const resolved = `${here.path}/${missing}`;
    return { inode: undefined, parent, mount, name: missing, written, path: resolved, slash };
  }
  const { inode, mount, path: resolved } = here;
  // The entry of a mount point itself is covered: it cannot be changed.
  const parent = walk.atEntry ? walk.trail.at(-2)?.inode : undefined;
  const name = walk.atEntry ? resolved.slice(resolved.lastIndexOf('/') + 1) : '';
  return { inode, parent, mount, name, written, path: resolved === '' ? '/' : resolved, slash };
}

/** One walk: struct nameidata. */
class PathWalk {
  trail: Place[] = [];
  /** The last component, if its directory has no such entry. */
  missing: string | undefined = undefined;
  /** True if the walk ended by going down to an entry. */
  atEntry = false;
  /** The last component as the path, or the last symlink, has it. */
  written = '';
  slash = false;
  private readonly context: LookupContext;

  constructor(context: LookupContext) {
    this.context = context;
  }

  get here(): Place {
    return this.trail.at(-1)!;
  }

  start(path: string, follow: boolean): void {
    this.walk(path, follow, false);
    if (this.missing === undefined && this.slash && this.here.inode?.isDirectory === false) {
      throw new SyscallError('ENOTDIR');
    }
  }

  startToParent(path: string): void {
    this.walk(path, false, true);
  }

  private walk(path: string, follow: boolean, toParent: boolean): void {
    const { root, cwd } = this.context;
    if (path === '') throw new SyscallError('ENOENT');
    if (path.length >= PATH_MAX) throw new SyscallError('ENAMETOOLONG');
    this.trail = [...(path.startsWith('/') ? root : cwd)];
    this.slash = path.endsWith('/');
    const pending = components(path);
    let symlinks = 0;
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      const isLast = pending.length === 0;
      if (this.here.inode?.isDirectory === false) throw new SyscallError('ENOTDIR');
      this.atEntry = false;
      this.written = name;
      if (name === '.') continue;
      if (name === '..' && isLast && toParent) return;
      if (name === '..') {
        this.dotdot();
        continue;
      }
      if (name.length > NAME_MAX) throw new SyscallError('ENAMETOOLONG');
      const next = this.step(name);
      if (next === undefined) {
        if (!isLast) throw new SyscallError('ENOENT');
        this.missing = name;
        return;
      }
      const follows = !isLast || (!toParent && (follow || this.slash));
      if (next.inode?.isSymlink === true && follows) {
        symlinks += 1;
        if (symlinks > MAX_SYMLINKS) throw new SyscallError('ELOOP');
        const target = next.inode.readlink();
        if (target.startsWith('/')) this.trail = [...root];
        if (isLast && target.endsWith('/')) this.slash = true;
        pending.push(...components(target));
        continue;
      }
      this.trail.push(next);
      this.atEntry = true;
    }
  }

  /**
   * Stops at the root of the process and the root of the tree. Compare fs/namei.c:handle_dots().
   */
  private dotdot(): void {
    const { trail } = this;
    const { path } = this.context.root.at(-1)!;
    if (trail.length > 1 && this.here.path !== path) trail.pop();
  }

  /** The entry `name` of the present directory, if there is one. */
  private step(name: string): Place | undefined {
    const { mounts } = this.context;
    const { here } = this;
    const path = `${here.path}/${name}`;
    const mount = mounts.at(path);
    if (mount !== undefined) return { inode: mount.sb.root, mount, path };
    if (here.inode === undefined) {
      for (const { path: mountPath } of mounts) {
        if (mountPath.startsWith(`${path}/`)) return { inode: undefined, mount: undefined, path };
      }
      return undefined;
    }
    if (here.inode.isDead) return undefined;
    const inode = here.inode.lookup(name);
    return inode === undefined ? undefined : { inode, mount: here.mount, path };
  }
}

/** Components of a path, last first. */
function components(path: string): string[] {
  return path
    .split('/')
    .filter((name) => name !== '')
    .reverse();
}
