import type { SuperBlock } from './inode.js';

/** struct mount: a file system at a place of the tree. */
export interface Mount {
  /** Absolute, without trailing slash; '/' for the root. */
  readonly path: string;
  readonly sb: SuperBlock;
}

/** The mounts of a machine. There is no root file system: mount points need no directory below. */
export class MountTable {
  private readonly mounts = new Map<string, Mount>();

  /** Later mounts on the same path cover earlier ones. */
  add(path: string, sb: SuperBlock): Mount {
    const mount = { path: normalized(path), sb };
    this.mounts.set(mount.path, mount);
    return mount;
  }

  remove(path: string): boolean {
    return this.mounts.delete(normalized(path));
  }

  at(path: string): Mount | undefined {
    return this.mounts.get(path);
  }

  [Symbol.iterator](): IterableIterator<Mount> {
    return this.mounts.values();
  }
}

function normalized(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? '/' : trimmed;
}
