import { SyscallError } from '../errno.js';
import type { OpenFile } from './file.js';
import type { SuperBlock } from './inode.js';

/** What a mount forbids even if its file system allows it: mnt_flags. */
export interface MountFlags {
  /** MNT_NOEXEC: nothing is executed, nor mapped with PROT_EXEC. */
  readonly noexec?: boolean | undefined;
  /** MNT_NODEV: device nodes are not opened. */
  readonly nodev?: boolean | undefined;
  /**
   * MNT_NOSUID: programs get no other owner by their mode. No effect here, where every process is
   * root.
   */
  readonly nosuid?: boolean | undefined;
}

export interface MountOptions extends MountFlags {
  /** MNT_READONLY. */
  readonly readOnly?: boolean | undefined;
}

/** Flags that are not given are off afterwards, as with mount(2). */
export interface RemountOptions extends MountOptions {
  /**
   * MS_BIND: changes this mount alone. Otherwise changes the file system itself, wherever it is
   * mounted, and this mount.
   */
  readonly bind?: boolean | undefined;
}

/**
 * struct mount: a file system at a place in the tree, or one that only a stacked file system uses.
 * It counts the writers that go through it.
 */
export class Mount {
  /** Absolute, without trailing slash; '/' for the root, '' for one that is not in the tree. */
  readonly path: string;
  readonly sb: SuperBlock;
  /** mnt_get_writers(): files open for writing, and operations that are changing something. */
  writers = 0;
  /** Open files whose path leads through it. */
  readonly files = new Set<OpenFile>();
  private flaggedReadOnly: boolean;
  private flags: MountFlags;

  constructor(path: string, sb: SuperBlock, { readOnly = false, ...flags }: MountOptions = {}) {
    this.path = path;
    this.sb = sb;
    this.flaggedReadOnly = readOnly;
    this.flags = flags;
    sb.mounts.add(this);
  }

  /** Compare fs/namespace.c:__mnt_is_readonly(). */
  get readOnly(): boolean {
    return this.flaggedReadOnly || this.sb.readOnly;
  }

  /** Compare fs/exec.c:path_noexec(). */
  get noexec(): boolean {
    return this.flags.noexec ?? false;
  }

  /** Compare fs/namei.c:may_open_dev(). */
  get nodev(): boolean {
    return this.flags.nodev ?? false;
  }

  /** Compare fs/namespace.c:mnt_get_write_access(). @throws SyscallError EROFS. */
  getWriteAccess(): void {
    if (this.readOnly) throw new SyscallError('EROFS', 'the mount is read-only');
    this.writers += 1;
  }

  putWriteAccess(): void {
    this.writers -= 1;
  }

  /**
   * Changes something between mnt_want_write() and mnt_drop_write().
   *
   * @throws SyscallError EROFS, or what `change` throws.
   */
  withWriteAccess<T>(change: () => T): T {
    this.getWriteAccess();
    try {
      return change();
    } finally {
      this.putWriteAccess();
    }
  }

  /**
   * mount(2) with MS_REMOUNT. Compare fs/namespace.c:do_remount() and do_reconfigure_mnt(), and
   * fs/super.c:reconfigure_super().
   *
   * @throws SyscallError EBUSY while somebody writes, or what the file system throws.
   */
  remount({ readOnly = false, bind = false, ...flags }: RemountOptions): void {
    const { sb } = this;
    if (bind) {
      if (readOnly && !this.readOnly) this.checkNoWriters();
    } else {
      if (readOnly && !sb.readOnly) for (const mount of sb.mounts) mount.checkNoWriters();
      sb.reconfigure(readOnly);
    }
    this.flaggedReadOnly = readOnly;
    this.flags = flags;
  }

  /** Compare fs/namespace.c:mnt_hold_writers(), and for all mounts sb_prepare_remount_readonly(). */
  private checkNoWriters(): void {
    if (this.writers > 0) throw new SyscallError('EBUSY', 'files are open for writing');
  }

  /** Removing the last mount shuts the file system down. Compare fs/super.c:deactivate_super(). */
  detach(): void {
    const { sb } = this;
    sb.mounts.delete(this);
    if (sb.mounts.size === 0) sb.kill();
  }
}

/** Objects that keep paths, and have to know when the paths of directories change. */
export interface PathUser {
  moved(pathNow: (path: string) => string | undefined): void;
}

/** The mounts of a machine. There is no root file system: mount points need no directory below. */
export class MountTable {
  /** Owners of a root and a working directory here: struct fs_struct. */
  readonly users = new Set<PathUser>();
  /** Mounts by path; the last one at each path covers the others. */
  private readonly stacks = new Map<string, Mount[]>();

  add(path: string, sb: SuperBlock, options?: MountOptions): Mount {
    const mount = new Mount(normalized(path), sb, options);
    const stack = this.stacks.get(mount.path);
    if (stack === undefined) this.stacks.set(mount.path, [mount]);
    else stack.push(mount);
    return mount;
  }

  /**
   * umount(2). Compare fs/namespace.c:do_umount().
   *
   * @throws SyscallError EINVAL if nothing is mounted there; EBUSY while files are open or mapped,
   * or something else is mounted below.
   */
  remove(path: string): void {
    const stack = this.stacks.get(normalized(path));
    const mount = stack?.at(-1);
    if (stack === undefined || mount === undefined) throw new SyscallError('EINVAL', 'no mount');
    if (mount.files.size > 0) throw new SyscallError('EBUSY', 'files are open');
    if (stack.length === 1) {
      const below = mount.path === '/' ? '/' : `${mount.path}/`;
      for (const other of this.stacks.keys()) {
        if (other !== mount.path && other.startsWith(below)) {
          throw new SyscallError('EBUSY', `${other} is mounted`);
        }
      }
      this.stacks.delete(mount.path);
    } else {
      stack.pop();
    }
    mount.detach();
  }

  /** True if something is mounted at a path, or below it. */
  covers(path: string): boolean {
    for (const at of this.stacks.keys()) if (at === path || at.startsWith(`${path}/`)) return true;
    return false;
  }

  /** The mount that is seen at an absolute path. */
  at(path: string): Mount | undefined {
    return this.stacks.get(path)?.at(-1);
  }

  /** All, those that are covered too. */
  *[Symbol.iterator](): Generator<Mount> {
    for (const stack of this.stacks.values()) yield* stack;
  }
}

function normalized(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? '/' : trimmed;
}
