import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from 'cramfs-format';
import { Trace } from '../trace.js';
import type { AddressSpace } from './address-space.js';
import { UNNAMED_DEVICE, type DeviceNumber } from './device.js';
import type { FileOperations } from './file.js';

/** Read-ahead of a device: struct backing_dev_info, in pages. */
export interface BackingDevice {
  readonly raPages: number;
  readonly ioPages: number;
}

/** struct super_block: a mounted file system. */
export abstract class SuperBlock {
  /** Type as in /proc/mounts. */
  abstract readonly type: string;
  abstract readonly root: Inode;
  abstract readonly readOnly: boolean;
  abstract readonly bdi: BackingDevice;
  /** s_dev; file systems without a device get one when they are mounted. */
  dev: DeviceNumber = UNNAMED_DEVICE;
  /** Where events go; the machine's once it is mounted there. */
  trace = new Trace();
  /** Inodes that may have pages in the page cache. */
  abstract cachedInodes(): Iterable<Inode>;
  /** Drops what only the page cache holds (echo 3 > /proc/sys/vm/drop_caches). */
  abstract dropCaches(): void;
}

/** struct inode. File systems extend it. Names are byte strings. */
export abstract class Inode {
  abstract readonly sb: SuperBlock;
  readonly ino: number;
  /** i_mode */
  abstract readonly mode: number;
  /** i_size in bytes. */
  abstract readonly size: number;
  /** i_fop. */
  readonly fops: FileOperations;
  /** i_mapping; undefined for what has no page cache. */
  abstract readonly mapping: AddressSpace | undefined;
  /** Count of open files that write. */
  writers = 0;

  protected constructor(ino: number, fops: FileOperations) {
    this.ino = ino;
    this.fops = fops;
  }

  get isDirectory(): boolean {
    return (this.mode & S_IFMT) === S_IFDIR;
  }

  get isRegular(): boolean {
    return (this.mode & S_IFMT) === S_IFREG;
  }

  get isSymlink(): boolean {
    return (this.mode & S_IFMT) === S_IFLNK;
  }

  /** The entry of a directory, or undefined. @throws SyscallError EIO and the like. */
  abstract lookup(name: string): Inode | undefined;

  /** Target of a symlink. */
  abstract readlink(): string;
}
