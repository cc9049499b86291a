import type { MountTable } from './mount.js';
import { directoryTrail, rootTrail, type LookupContext, type Trail } from './namei.js';

/** struct fs_struct: where the paths of a process start. */
export class FsStruct implements LookupContext {
  readonly mounts: MountTable;
  root: Trail;
  cwd: Trail;

  /** The root of the tree, or with `parent` a copy of the parent's: copy_fs_struct(). */
  constructor(mounts: MountTable, parent?: FsStruct) {
    this.mounts = mounts;
    mounts.users.add(this);
    this.root = parent?.root ?? rootTrail(mounts);
    this.cwd = parent?.cwd ?? this.root;
  }

  /** chdir(2). @throws SyscallError ENOENT, ENOTDIR and what a lookup throws. */
  chdir(path: string): void {
    this.cwd = directoryTrail(this, path);
  }

  /** chroot(2), which leaves the working directory as it is, even outside the new root. */
  chroot(path: string): void {
    this.root = directoryTrail(this, path);
  }

  /** Its process is gone. */
  release(): void {
    this.mounts.users.delete(this);
  }

  /**
   * Directories have got other paths: looks up again what is above them.
   *
   * @param pathNow gives the new path, or undefined for one that has not changed.
   */
  moved(pathNow: (path: string) => string | undefined): void {
    this.root = this.movedTrail(this.root, pathNow);
    this.cwd = this.movedTrail(this.cwd, pathNow);
  }

  private movedTrail(trail: Trail, pathNow: (path: string) => string | undefined): Trail {
    const now = pathNow(trail.at(-1)!.path);
    if (now === undefined || trail.at(-1)!.inode?.isDead === true) return trail;
    const { mounts } = this;
    const root = rootTrail(mounts);
    return directoryTrail({ mounts, root, cwd: root }, now);
  }

  /**
   * Returns a path as the process sees it: without the directory that is its root. What is outside of that
   * keeps its path. Compare fs/d_path.c:d_path().
   */
  seenPath(path: string): string {
    const root = this.root.at(-1)!.path;
    if (path === root) return '/';
    return path.startsWith(`${root}/`) ? path.slice(root.length) : path;
  }

  /**
   * getcwd(2): as seen from the root of the process; starts with `(unreachable)` if it is outside.
   */
  getcwd(): string {
    const path = this.cwd.at(-1)!.path;
    const root = this.root.at(-1)!.path;
    if (path !== root && !path.startsWith(`${root}/`)) return `(unreachable)${path}`;
    return this.seenPath(path);
  }
}
