import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from 'cramfs-format';
import { Trace } from '../trace.js';
import type { PageGeometry } from '../units.js';
import type { AddressSpace, AddressSpaceOperations } from './address-space.js';
import { NO_DEVICES, UNNAMED_DEVICE, type DeviceNumber, type Devices } from './device.js';
import type { FileOperations } from './file.js';
import { Clock, type Iattr, type Kstat } from './kstat.js';
import type { SharedPages } from './shared-pages.js';
import type { Mount } from './mount.js';
import { writebackRange } from './writeback.js';

/** Read-ahead of a device: struct backing_dev_info, in pages. */
export interface BackingDevice {
  readonly raPages: number;
  readonly ioPages: number;
}

/** include/linux/fs.h:FILESYSTEM_MAX_STACK_DEPTH: file systems on top of file systems. */
export const FILESYSTEM_MAX_STACK_DEPTH = 2;

/** What differs between kernels in file systems that pass I/O to files of others. */
export interface StackingPolicy {
  /**
   * A backing file that is open for writing counts as a writer of the mount it is in, not only of
   * the mount that the user's path leads through.
   */
  readonly countsRealMount: boolean;
  /**
   * What leads to the new file after a file was copied to another layer: nothing opened before
   * (Linux before 4.19), open files (since then), or maps, too.
   */
  readonly followsCopyUp: 'nothing' | 'open files' | 'maps';
}

/** struct super_block: a mounted file system. */
export abstract class SuperBlock {
  /** Type as in /proc/mounts. */
  abstract readonly type: string;
  abstract readonly root: Inode;
  /** SB_RDONLY. */
  abstract readOnly: boolean;
  abstract readonly bdi: BackingDevice;
  /** The page size of its machine. */
  abstract readonly geometry: PageGeometry;
  /** s_dev; file systems without a device get one when they are mounted. */
  dev: DeviceNumber = UNNAMED_DEVICE;
  /** The event log; the machine's once it is mounted there. */
  trace = new Trace();
  /** The clock of its times; the machine's once it is mounted there. */
  clock = new Clock();
  /** Pages that its files share; undefined unless the machine's policy shares them. */
  sharedPages: SharedPages | undefined = undefined;
  /** The devices its special files lead to; the machine's once it is mounted there. */
  devices: Devices = NO_DEVICES;
  /** s_stack_depth: 0 unless it keeps its files in other file systems. */
  stackDepth = 0;
  /** The kernel's; set when it is mounted on a machine. */
  stacking: StackingPolicy = { countsRealMount: true, followsCopyUp: 'open files' };
  /** Its files can have extended attributes, those of overlayfs included. */
  readonly hasXattrs: boolean = true;
  /**
   * Its inodes can be found by file handles: overlayfs remembers which one a file was copied from.
   */
  readonly decodesHandles: boolean = false;
  /** s_mounts. */
  readonly mounts = new Set<Mount>();
  /** Inodes that may have pages in the page cache. */
  abstract cachedInodes(): Iterable<Inode>;
  /** Drops what only the page cache holds (echo 3 > /proc/sys/vm/drop_caches). */
  abstract dropCaches(): void;

  /** What a remount does to the file system. @throws SyscallError. */
  reconfigure(readOnly: boolean): void {
    if (readOnly) this.sync();
    this.readOnly = readOnly;
  }

  /** Empties the page cache; nothing may be mapped. Compare fs/inode.c:evict_inodes(). */
  evict(): void {
    for (const inode of this.cachedInodes()) inode.mapping?.evict();
  }

  /** Writes back everything dirty, pages and the rest: sync_filesystem(). @throws SyscallError. */
  sync(): void {
    for (const { mapping } of this.cachedInodes()) {
      if (mapping !== undefined) writebackRange(mapping);
    }
  }

  /** Called when it is mounted on a machine, which gives it what devices it needs: set_anon_super(). */
  registered(takeDevice: () => DeviceNumber): void {
    if (this.dev.major === 0) this.dev = takeDevice();
  }

  /** Called after the last umount. Compare fs/super.c:generic_shutdown_super(). */
  kill(): void {
    this.sync();
    this.evict();
  }
}

/** An entry of a directory: struct linux_dirent64. */
export interface DirectoryEntry {
  readonly name: string;
  readonly ino: number;
  /** i_mode's type bits: S_IFREG and so on. */
  readonly type: number;
  /** Where the next entry is: a position for lseek(2). */
  readonly next: number;
}

/** Where an inode was found. */
export interface EntryName {
  readonly parent: Inode | undefined;
  readonly name: string;
}

/** Unit of st_blocks. */
export const SECTOR_SIZE = 512;

// include/uapi/linux/fs.h: flags of renameat2(2).
export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;
export const RENAME_WHITEOUT = 4;

/** What a super block gives a new inode: i_fop, and a_ops for its page cache. */
export interface OperationTables {
  readonly fops: FileOperations;
  readonly aops: AddressSpaceOperations;
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
  /** i_mapping; undefined if there is no page cache. */
  abstract readonly mapping: AddressSpace | undefined;
  /** Count of open files that write. */
  writers = 0;
  /** Open files, maps with theirs included. */
  opens = 0;
  /** i_nlink: the number of names. At 0, closing the last open file drops the pages. */
  links = 1;
  /** S_DEAD: a directory that was removed. Nothing can be found or made in it. */
  isDead = false;

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

  /** special_file(): a device node, FIFO or socket. */
  get isSpecial(): boolean {
    return !this.isRegular && !this.isDirectory && !this.isSymlink;
  }

  /** The entry of a directory, or undefined. @throws SyscallError EIO and the like. */
  abstract lookup(name: string): Inode | undefined;

  /**
   * Refreshes the attributes if they are kept elsewhere, as `getattr` does before it returns them.
   *
   * @throws SyscallError.
   */
  updateAttributes(): void {
    return;
  }

  /** Target of a symlink. */
  abstract readlink(): string;

  /** i_rdev: the number of a device node. */
  get rdev(): DeviceNumber {
    return UNNAMED_DEVICE;
  }

  /** Compare fs/stat.c:generic_fillattr(). @throws SyscallError. */
  getattr(): Kstat {
    this.updateAttributes();
    const { sb, ino, mode, links, size, rdev } = this;
    return {
      dev: sb.dev,
      ino,
      mode,
      nlink: links,
      uid: 0,
      gid: 0,
      rdev,
      size,
      blksize: sb.geometry.size,
      blocks: this.isDirectory ? 0 : Math.ceil(size / SECTOR_SIZE),
      atime: 0,
      mtime: 0,
      ctime: 0,
    };
  }

  /**
   * The entries of a directory in the order in which getdents(2) gives them, including `.` and `..`
   * if the file system gives them. Without this operation: ENOTDIR, as for what is not a directory.
   *
   * @param from a position: 0, or `next` of an entry.
   * @throws SyscallError EIO.
   */
  readdir?(from?: number): readonly DirectoryEntry[];

  // Operations that change something: struct inode_operations. They throw SyscallError. The VFS has
  // already checked that the entry exists, or does not, and its type.

  /** A new entry of a directory. @param mode type and permissions. */
  create?(name: string, mode: number): Inode;
  mkdir?(name: string, mode: number): Inode;
  /** An inode without a name, for `link`: O_TMPFILE, but of any type. */
  tmpfile?(mode: number): Inode;
  symlink?(name: string, target: string): Inode;
  /** A special file. @param mode type and permissions. */
  mknod?(name: string, mode: number, rdev: DeviceNumber): Inode;
  /**
   * One more name for `existing`, of the same file system.
   *
   * @param from the name the user has given for it.
   */
  link?(name: string, existing: Inode, from: EntryName): void;
  unlink?(name: string): void;
  /** @throws SyscallError ENOTEMPTY. */
  rmdir?(name: string): void;
  /**
   * Replaces what `newName` was, or with RENAME_EXCHANGE swaps the two.
   *
   * @param flags RENAME_EXCHANGE, RENAME_WHITEOUT; the VFS has dealt with RENAME_NOREPLACE.
   * @throws SyscallError ENOTEMPTY; EINVAL for flags that the file system does not support.
   */
  rename?(name: string, newParent: Inode, newName: string, flags: number): void;
  /** Other attributes than the size. */
  setAttributes?(attributes: Iattr): void;
  /** Extended attributes, where there can be any. */
  readonly xattrs?: Map<string, string> | undefined;
  /** Changes the size, with the consequences for pages and maps: `setattr` with ATTR_SIZE. */
  setSize?(size: number): void;

  /** Tells a stacked file system which page cache the file's maps use, if it moves them. */
  mappedThrough?(mapping: AddressSpace): void;

  /** Forgets the content of a file that nobody can reach any more. Compare fs/inode.c:iput_final(). */
  evictIfUnused(): void {
    if (this.links === 0 && this.opens === 0) this.evict();
  }

  protected evict(): void {
    this.mapping?.evict();
  }
}
