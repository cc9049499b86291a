import { S_IFLNK } from 'cramfs-format';
import { SyscallError, invariant } from '../errno.js';
import { Inode } from './inode.js';

const SYMLINK_MODE = S_IFLNK | 0o777;

/**
 * An inode of a file system that keeps its tree in memory: entries of directories and targets of
 * symlinks. The file system adds what a file holds. Compare fs/libfs.c: simple_lookup(),
 * simple_link(), simple_unlink(), simple_rmdir(), simple_rename().
 */
export abstract class SimpleInode<T extends SimpleInode<T>> extends Inode {
  mode: number;
  /** Of a directory, by name, in the order in which they came. */
  protected readonly entries = new Map<string, T>();
  /** Of a symlink. */
  protected target = '';

  protected constructor(ino: number, mode: number, fops: Inode['fops']) {
    super(ino, fops);
    this.mode = mode;
    // The name in the parent, and `.`.
    if (this.isDirectory) this.links = 2;
  }

  /** An inode without a name. @param mode type and permissions. @throws SyscallError. */
  protected abstract newInode(mode: number): T;

  /** `inode`, which is known to be of this file system. */
  protected abstract own(inode: Inode): T;

  /** Called when the entries of a directory, or an inode's names, have changed. */
  protected changed?(): void;

  lookup(name: string): T | undefined {
    return this.entries.get(name);
  }

  readlink(): string {
    if (!this.isSymlink) throw new SyscallError('EINVAL');
    return this.target;
  }

  /** @throws SyscallError EEXIST, ENOTDIR. */
  override create(name: string, mode: number): T {
    const inode = this.newInode(mode);
    this.add(name, inode);
    this.changed?.();
    return inode;
  }

  override mkdir(name: string, mode: number): T {
    return this.create(name, mode);
  }

  override symlink(name: string, target: string): T {
    const inode = this.newInode(SYMLINK_MODE);
    inode.target = target;
    this.add(name, inode);
    this.changed?.();
    return inode;
  }

  override link(name: string, existing: Inode): void {
    this.add(name, this.own(existing));
    existing.links += 1;
    this.changed?.();
  }

  override unlink(name: string): void {
    this.take(name).links -= 1;
    this.changed?.();
  }

  override rmdir(name: string): void {
    if (!this.entries.get(name)!.isEmpty) throw new SyscallError('ENOTEMPTY');
    this.take(name).links = 0;
    this.changed?.();
  }

  override rename(name: string, newParent: Inode, newName: string): void {
    const directory = this.own(newParent);
    const replaced = directory.entries.get(newName);
    if (replaced?.isDirectory === true) directory.rmdir(newName);
    else if (replaced !== undefined) directory.unlink(newName);
    directory.add(newName, this.take(name));
    this.changed?.();
  }

  /** A new entry of this directory. @throws SyscallError EEXIST, ENOTDIR. */
  protected add(name: string, inode: T): void {
    if (!this.isDirectory) throw new SyscallError('ENOTDIR');
    if (this.entries.has(name)) throw new SyscallError('EEXIST');
    this.entries.set(name, inode);
    if (inode.isDirectory) this.links += 1;
  }

  private take(name: string): T {
    const inode = this.entries.get(name);
    invariant(inode !== undefined, 'an entry that the VFS has seen');
    this.entries.delete(name);
    if (inode.isDirectory) this.links -= 1;
    return inode;
  }

  get isEmpty(): boolean {
    return this.entries.size === 0;
  }

  /** Everything below; an inode with several names comes once for each. */
  *descendants(): Generator<T> {
    for (const entry of this.entries.values()) {
      yield entry;
      yield* entry.descendants();
    }
  }
}

/** An inode whose size is no more than a number that is kept with it. */
export abstract class SizedInode<T extends SizedInode<T>> extends SimpleInode<T> {
  /** Of a file. */
  protected bytes = 0;

  get size(): number {
    return this.isSymlink ? this.target.length : this.bytes;
  }

  /** A write that reaches behind the end makes the file longer. */
  extend(size: number): void {
    this.bytes = Math.max(this.bytes, size);
  }
}
