import { SyscallError, invariant } from '../../errno.js';
import { PG_DIRTY } from '../../phys/frame-table.js';
import type { Pgoff } from '../../units.js';
import { AddressSpace } from '../../vfs/address-space.js';
import { SECTOR_SIZE, type Inode, type OperationTables } from '../../vfs/inode.js';
import type { Kstat } from '../../vfs/kstat.js';
import { unmapMappingRange } from '../../vfs/rmap.js';
import { SizedInode } from '../../vfs/simple-inode.js';
import { truncatePagecache } from '../../vfs/truncate.js';
import type { TmpfsSuperBlock } from './super.js';

/** mm/shmem.c:BOGO_DIRENT_SIZE: what each entry adds to the size of its directory. */
const BOGO_DIRENT_SIZE = 20;
/** What an extended attribute takes in addition to its name and value. Compare fs/xattr.c:simple_xattr_space(). */
const XATTR_SPACE = 40;
/** mm/shmem.c:SHORT_SYMLINK_LEN: longer targets, with their NUL, take a page. */
const SHORT_SYMLINK_LEN = 128;

/** Extended attributes, which count as parts of inodes. Compare mm/shmem.c:shmem_xattr_handler_set(). */
class TmpfsXattrs extends Map<string, string> {
  private readonly sb: TmpfsSuperBlock;

  constructor(sb: TmpfsSuperBlock) {
    super();
    this.sb = sb;
  }

  /** @throws SyscallError ENOSPC. */
  override set(name: string, value: string): this {
    this.sb.takeInodeSpace(XATTR_SPACE + name.length + value.length);
    this.release(name);
    return super.set(name, value);
  }

  override delete(name: string): boolean {
    this.release(name);
    return super.delete(name);
  }

  override clear(): void {
    for (const name of [...this.keys()]) this.delete(name);
  }

  private release(name: string): void {
    const value = this.get(name);
    if (value !== undefined) this.sb.takeInodeSpace(-XATTR_SPACE - name.length - value.length);
  }
}

/** A file, directory, symlink or special file of a tmpfs. */
export class TmpfsInode extends SizedInode<TmpfsInode> {
  readonly sb: TmpfsSuperBlock;
  readonly mapping: AddressSpace | undefined;
  override readonly xattrs: Map<string, string>;
  private isFreed = false;

  constructor(sb: TmpfsSuperBlock, ino: number, mode: number, { fops, aops }: OperationTables) {
    super(ino, mode, fops);
    this.sb = sb;
    this.xattrs = new TmpfsXattrs(sb);
    this.mapping = this.isRegular
      ? new AddressSpace(this, aops, sb.phys, { truncatable: true })
      : undefined;
  }

  protected newInode(mode: number): TmpfsInode {
    return this.sb.newInode(mode);
  }

  protected own(inode: Inode): TmpfsInode {
    return tmpfsInode(inode);
  }

  /** For a directory, a made-up size for each entry, `.` and `..` included. */
  override get size(): number {
    return this.isDirectory ? (this.entryCount + 2) * BOGO_DIRENT_SIZE : super.size;
  }

  override getattr(): Kstat {
    const pages = this.mapping?.pages ?? (this.hasTargetPage ? 1 : 0);
    return { ...super.getattr(), blocks: (pages * this.sb.geometry.size) / SECTOR_SIZE };
  }

  private get hasTargetPage(): boolean {
    return this.isSymlink && this.target.length >= SHORT_SYMLINK_LEN;
  }

  /** Compare mm/shmem.c:shmem_symlink(). @throws SyscallError ENAMETOOLONG, ENOSPC. */
  override symlink(name: string, target: string): TmpfsInode {
    if (target.length >= this.sb.geometry.size) throw new SyscallError('ENAMETOOLONG');
    if (target.length < SHORT_SYMLINK_LEN) return super.symlink(name, target);
    this.sb.takeInode();
    this.sb.giveInode();
    this.sb.takeBlocks(1);
    return super.symlink(name, target);
  }

  /** Each further name takes an inode. Compare mm/shmem.c:shmem_link(). */
  override link(name: string, existing: Inode): void {
    const counts = existing.links > 0;
    if (counts) this.sb.takeInode();
    super.link(name, existing);
  }

  override unlink(name: string): void {
    if (this.entries.get(name)!.links > 1) this.sb.giveInode();
    super.unlink(name);
  }

  /** Compare mm/shmem.c:shmem_setattr() and shmem_undo_range(): a page that is cut is dirty. */
  override setSize(size: number): void {
    const { mapping, bytes } = this;
    if (mapping === undefined) throw new SyscallError('EINVAL');
    this.bytes = size;
    if (size <= bytes) {
      truncatePagecache(mapping, size);
      const { geometry } = mapping;
      const cut = geometry.isAligned(size) ? -1 : mapping.find(geometry.pageOf(size));
      if (cut >= 0) mapping.phys.frames.setFlag(cut, PG_DIRTY);
    }
    const now = this.sb.clock.now();
    if (size !== bytes) this.mtime = now;
    this.ctime = now;
  }

  /** Takes whole pages out, wherever they are mapped, and zeroes the rest of the range. */
  punchHole(offset: number, end: number): void {
    const { mapping } = this;
    if (mapping === undefined) throw new SyscallError('EINVAL');
    const { geometry } = mapping;
    const [first, last] = [geometry.pagesOf(offset), geometry.pageOf(end)];
    if (last > first) unmapMappingRange(mapping, first, last, false);
    for (const index of [...mapping.indexes()]) {
      const start = index * geometry.size;
      if (index >= first && index < last) mapping.remove(index);
      else if (start < end && start + geometry.size > offset) {
        const page = mapping.phys.borrowWritable(mapping.find(index));
        page.fill(0, Math.max(offset - start, 0), Math.min(end - start, geometry.size));
        mapping.phys.frames.setFlag(mapping.find(index), PG_DIRTY);
      }
    }
    this.ctime = this.sb.clock.now();
  }

  /** Pages of zeros where there are none. @throws SyscallError ENOSPC; nothing is left then. */
  allocate(first: Pgoff, end: Pgoff): void {
    const { mapping } = this;
    if (mapping === undefined) throw new SyscallError('EINVAL');
    const added: Pgoff[] = [];
    try {
      for (let index = first; index < end; index += 1) {
        if (mapping.find(index) >= 0) continue;
        mapping.phys.frames.setFlag(mapping.read(index), PG_DIRTY);
        added.push(index);
      }
    } catch (error) {
      for (const index of added) mapping.remove(index);
      throw error;
    }
    this.ctime = this.sb.clock.now();
  }

  protected override evict(): void {
    super.evict();
    if (this.isFreed) return;
    this.isFreed = true;
    this.xattrs.clear();
    if (this.hasTargetPage) this.sb.giveBlocks(1);
    this.sb.giveInode();
  }
}

/** The inode of a file that belongs to a tmpfs, as its operations know. */
export function tmpfsInode(inode: Inode): TmpfsInode {
  invariant(inode instanceof TmpfsInode, 'an operation of tmpfs on a foreign inode');
  return inode;
}
