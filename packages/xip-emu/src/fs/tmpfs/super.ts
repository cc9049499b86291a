import { S_IFDIR, S_IFREG } from 'cramfs-format';
import { SyscallError, invariant } from '../../errno.js';
import type { PhysicalMemory } from '../../phys/physical-memory.js';
import { PAGE_SIZE, pagesOf } from '../../units.js';
import { AddressSpace } from '../../vfs/address-space.js';
import { OpenFile } from '../../vfs/file.js';
import { Inode, SuperBlock, type BackingDevice } from '../../vfs/inode.js';
import { shmemAops, tmpfsDirectoryOperations, tmpfsFileOperations } from './shmem.js';

/** Nothing to read ahead from: noop_backing_dev_info. */
const NO_DEVICE: BackingDevice = { raPages: 0, ioPages: 0 };

/** A tmpfs: files whose only store is the page cache. */
export class TmpfsSuperBlock extends SuperBlock {
  readonly type = 'tmpfs';
  readonly readOnly = false;
  readonly bdi = NO_DEVICE;
  readonly phys: PhysicalMemory;
  readonly root: TmpfsInode;
  private nextIno = 1;

  constructor(phys: PhysicalMemory) {
    super();
    this.phys = phys;
    this.root = this.newInode(S_IFDIR | 0o1777);
  }

  /** An inode without a name. */
  newInode(mode: number): TmpfsInode {
    const inode = new TmpfsInode(this, this.nextIno, mode);
    this.nextIno += 1;
    return inode;
  }

  /** All that have names. */
  cachedInodes(): Iterable<TmpfsInode> {
    return this.root.tree();
  }

  /** Nothing can be dropped. */
  dropCaches(): void {
    return;
  }

  /** Everything out of memory, as at umount; nothing may be mapped. */
  evict(): void {
    this.root.evictTree();
  }

  /** An unnamed file of zero pages, for shared anonymous memory: mm/shmem.c:shmem_zero_setup(). */
  zeroFile(pages: number): OpenFile {
    const inode = this.newInode(S_IFREG | 0o777);
    inode.links = 0;
    inode.truncate(pages * PAGE_SIZE);
    return new OpenFile(inode, '/dev/zero (deleted)', { writable: true });
  }
}

/** A file or directory of a tmpfs. */
export class TmpfsInode extends Inode {
  readonly sb: TmpfsSuperBlock;
  readonly mode: number;
  readonly mapping: AddressSpace | undefined;
  /** Names; without any the pages go with the last open file. */
  links = 1;
  private bytes = 0;
  private readonly entries = new Map<string, TmpfsInode>();

  constructor(sb: TmpfsSuperBlock, ino: number, mode: number) {
    const directory = (mode & S_IFDIR) !== 0;
    super(ino, directory ? tmpfsDirectoryOperations : tmpfsFileOperations);
    this.sb = sb;
    this.mode = mode;
    this.mapping = directory
      ? undefined
      : new AddressSpace(this, shmemAops, sb.phys, { truncatable: true });
  }

  get size(): number {
    return this.bytes;
  }

  lookup(name: string): TmpfsInode | undefined {
    return this.entries.get(name);
  }

  readlink(): string {
    throw new SyscallError('EINVAL');
  }

  /** A new entry. @throws SyscallError EEXIST, ENOTDIR. */
  create(name: string, mode: number): TmpfsInode {
    if (!this.isDirectory) throw new SyscallError('ENOTDIR');
    if (this.entries.has(name)) throw new SyscallError('EEXIST');
    const inode = this.sb.newInode(mode);
    this.entries.set(name, inode);
    return inode;
  }

  /** A write that reaches behind the end makes the file longer. */
  extend(size: number): void {
    this.bytes = Math.max(this.bytes, size);
  }

  /**
   * ftruncate(2): pages behind the new end are unmapped and gone, the rest of the last one is
   * zeroed. Compare mm/shmem.c:shmem_setattr().
   */
  truncate(size: number): void {
    const { mapping } = this;
    if (mapping === undefined) throw new SyscallError('EISDIR');
    const old = this.bytes;
    this.bytes = size;
    if (size >= old) return;
    const first = pagesOf(size);
    for (const vma of mapping.iMmap ?? []) {
      const from = Math.max(vma.start, vma.start + (first - vma.pgoff));
      if (from < vma.end) vma.mm.zap(vma, from, vma.end);
    }
    for (const index of [...mapping.indexes()]) if (index >= first) mapping.remove(index);
    const partial = size % PAGE_SIZE;
    const last = partial === 0 ? -1 : mapping.find(first - 1);
    if (last >= 0) this.sb.phys.borrowWritable(last).fill(0, partial);
  }

  /** This and everything below. */
  *tree(): Generator<TmpfsInode> {
    yield this;
    for (const entry of this.entries.values()) yield* entry.tree();
  }

  evictTree(): void {
    this.mapping?.evict();
    for (const entry of this.entries.values()) entry.evictTree();
  }
}

/** The inode of a file that belongs to a tmpfs, as its operations know. */
export function tmpfsInode(inode: Inode): TmpfsInode {
  invariant(inode instanceof TmpfsInode, 'an operation of tmpfs on a foreign inode');
  return inode;
}
