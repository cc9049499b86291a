import { S_IFCHR, S_IFLNK, S_IFMT } from 'cramfs-format';
import { SyscallError, invariant } from '../errno.js';
import { UNNAMED_DEVICE, type DeviceNumber } from './device.js';
import { Inode, RENAME_EXCHANGE, RENAME_WHITEOUT, type DirectoryEntry } from './inode.js';
import type { Iattr, Kstat } from './kstat.js';

const SYMLINK_MODE = S_IFLNK | 0o777;
/** include/linux/fs.h:WHITEOUT_MODE, a character device 0:0. */
export const WHITEOUT_MODE = S_IFCHR;
const PERMISSIONS = 0o7777;
/** fs/libfs.c:DIR_OFFSET_MIN: `.` and `..` come first, then the offsets of entries. */
const FIRST_OFFSET = 3;
/** fs/libfs.c:DIR_OFFSET_EOD, where nothing follows. */
const END_OFFSET = Number.MAX_SAFE_INTEGER;

/**
 * An inode of a file system that keeps its tree in memory: entries of directories and targets of
 * symlinks. The file system adds the content of files. Compare fs/libfs.c: simple_lookup(),
 * simple_link(), simple_unlink(), simple_rmdir(), simple_rename().
 */
export abstract class SimpleInode<T extends SimpleInode<T>> extends Inode {
  mode: number;
  uid = 0;
  gid = 0;
  device: DeviceNumber = UNNAMED_DEVICE;
  atime = 0;
  mtime = 0;
  ctime = 0;
  /** Entries of a directory by name, in the order of creation. */
  protected readonly entries = new Map<string, T>();
  /** Where each entry is for lseek(2): later entries have greater offsets, and are read first. */
  private readonly offsets = new Map<string, number>();
  private nextOffset = FIRST_OFFSET;
  /** For a directory: its parent. */
  private parent: T | undefined = undefined;
  /** Target of a symlink. */
  protected target = '';

  protected constructor(ino: number, mode: number, fops: Inode['fops']) {
    super(ino, fops);
    this.mode = mode;
    // The links are the name in the parent, and `.`.
    if (this.isDirectory) this.links = 2;
  }

  /** An inode without a name. @param mode type and permissions. @throws SyscallError. */
  protected abstract newInode(mode: number): T;

  /** `inode`, which must belong to this file system. */
  protected abstract own(inode: Inode): T;

  /** Called when the entries of a directory, or an inode's names, have changed. */
  protected changed?(): void;

  override get rdev(): DeviceNumber {
    return this.device;
  }

  override getattr(): Kstat {
    const { uid, gid, atime, mtime, ctime } = this;
    return { ...super.getattr(), uid, gid, atime, mtime, ctime };
  }

  /** Compare fs/attr.c:setattr_copy(). */
  override setAttributes({ mode, uid, gid, atime, mtime }: Iattr): void {
    if (mode !== undefined) this.mode = (this.mode & S_IFMT) | (mode & PERMISSIONS);
    this.uid = uid ?? this.uid;
    this.gid = gid ?? this.gid;
    this.atime = atime ?? this.atime;
    this.mtime = mtime ?? this.mtime;
    this.ctime = this.sb.clock.now();
    this.changed?.();
  }

  /** The content has changed: mtime and ctime. Compare fs/inode.c:inode_update_time(). */
  touch(): void {
    this.mtime = this.ctime = this.sb.clock.now();
  }

  lookup(name: string): T | undefined {
    return this.entries.get(name);
  }

  readlink(): string {
    if (!this.isSymlink) throw new SyscallError('EINVAL');
    return this.target;
  }

  /**
   * The newest first, as the kernel's list of dentries has them, after `.` and `..`. Compare
   * fs/libfs.c:offset_readdir().
   */
  override readdir(from = 0): DirectoryEntry[] {
    const { ino, mode } = this;
    const type = mode & S_IFMT;
    const dots = [
      { name: '.', ino, type, next: 1 },
      { name: '..', ino: this.parent?.ino ?? ino, type, next: 2 },
    ];
    const names = [...this.entries.keys()].reverse();
    const later = from <= 2 ? names : names.filter((name) => this.offsets.get(name)! <= from);
    const entries = later.map((name, index) => {
      const inode = this.entries.get(name)!;
      const following = later[index + 1];
      const next = following === undefined ? END_OFFSET : this.offsets.get(following)!;
      return { name, ino: inode.ino, type: inode.mode & S_IFMT, next };
    });
    return from === END_OFFSET ? [] : [...dots.slice(from), ...entries];
  }

  /** @throws SyscallError EEXIST, ENOTDIR. */
  override create(name: string, mode: number): T {
    return this.make(name, this.newInode(mode));
  }

  override mkdir(name: string, mode: number): T {
    return this.create(name, mode);
  }

  override mknod(name: string, mode: number, rdev: DeviceNumber): T {
    const inode = this.newInode(mode);
    inode.device = rdev;
    return this.make(name, inode);
  }

  override tmpfile(mode: number): T {
    const inode = this.newInode(mode);
    inode.links = inode.isDirectory ? 2 : 0;
    inode.atime = inode.mtime = inode.ctime = this.sb.clock.now();
    return inode;
  }

  override symlink(name: string, target: string): T {
    const inode = this.newInode(SYMLINK_MODE);
    inode.target = target;
    return this.make(name, inode);
  }

  private make(name: string, inode: T): T {
    this.add(name, inode);
    this.touch();
    inode.atime = inode.mtime = inode.ctime = this.mtime;
    this.changed?.();
    return inode;
  }

  override link(name: string, existing: Inode): void {
    const inode = this.own(existing);
    this.add(name, inode);
    inode.links += 1;
    this.touch();
    inode.ctime = this.ctime;
    this.changed?.();
  }

  override unlink(name: string): void {
    const inode = this.take(name);
    inode.links -= 1;
    this.touch();
    inode.ctime = this.ctime;
    inode.evictIfUnused();
    this.changed?.();
  }

  override rmdir(name: string): void {
    const inode = this.entries.get(name)!;
    if (!inode.isEmpty) throw new SyscallError('ENOTEMPTY');
    this.take(name).links = 0;
    this.touch();
    inode.ctime = this.ctime;
    inode.evictIfUnused();
    this.changed?.();
  }

  /** Compare mm/shmem.c:shmem_rename2(), fs/libfs.c:simple_rename(). */
  override rename(name: string, newParent: Inode, newName: string, flags: number): void {
    const directory = this.own(newParent);
    if ((flags & RENAME_EXCHANGE) !== 0) {
      const [one, other] = [this.take(name), directory.take(newName)];
      directory.add(newName, one);
      this.add(name, other);
      this.moved(directory, one, other);
      return;
    }
    const replaced = directory.entries.get(newName);
    if (replaced?.isDirectory === true && !replaced.isEmpty) throw new SyscallError('ENOTEMPTY');
    const whiteout = (flags & RENAME_WHITEOUT) !== 0 ? this.newInode(WHITEOUT_MODE) : undefined;
    if (replaced?.isDirectory === true) directory.rmdir(newName);
    else if (replaced !== undefined) directory.unlink(newName);
    const inode = this.take(name);
    directory.add(newName, inode);
    if (whiteout !== undefined) this.make(name, whiteout);
    this.moved(directory, inode);
  }

  /** Compare fs/libfs.c:simple_rename_timestamp(). */
  private moved(directory: T, ...inodes: readonly T[]): void {
    this.touch();
    directory.mtime = directory.ctime = this.mtime;
    for (const inode of inodes) inode.ctime = this.ctime;
    this.changed?.();
  }

  /** A new entry of this directory. @throws SyscallError EEXIST, ENOTDIR. */
  protected add(name: string, inode: T): void {
    if (!this.isDirectory) throw new SyscallError('ENOTDIR');
    if (inode.isDirectory) inode.parent = this.own(this);
    if (this.entries.has(name)) throw new SyscallError('EEXIST');
    this.entries.set(name, inode);
    this.offsets.set(name, this.nextOffset);
    this.nextOffset += 1;
    if (inode.isDirectory) this.links += 1;
  }

  private take(name: string): T {
    const inode = this.entries.get(name);
    invariant(inode !== undefined, 'an entry that the VFS has seen');
    this.entries.delete(name);
    this.offsets.delete(name);
    if (inode.isDirectory) this.links -= 1;
    return inode;
  }

  get isEmpty(): boolean {
    return this.entries.size === 0;
  }

  /** How many entries there are. */
  protected get entryCount(): number {
    return this.entries.size;
  }

  /** Everything below; an inode with several names appears once for each. */
  *descendants(): Generator<T> {
    for (const entry of this.entries.values()) {
      yield entry;
      yield* entry.descendants();
    }
  }
}

/** An inode whose size is just a stored number. */
export abstract class SizedInode<T extends SizedInode<T>> extends SimpleInode<T> {
  /** Size of a file in bytes. */
  protected bytes = 0;

  get size(): number {
    return this.isSymlink ? this.target.length : this.bytes;
  }

  /** A write that goes past the end makes the file longer. */
  extend(size: number): void {
    this.bytes = Math.max(this.bytes, size);
  }
}
