import { S_IFDIR, S_IFREG } from 'cramfs-format';
import { SyscallError, invariant } from '../../errno.js';
import type { PhysicalMemory } from '../../phys/physical-memory.js';
import { PAGE_SIZE } from '../../units.js';
import { AddressSpace } from '../../vfs/address-space.js';
import { OpenFile } from '../../vfs/file.js';
import { SuperBlock, type Inode } from '../../vfs/inode.js';
import { SizedInode } from '../../vfs/simple-inode.js';
import { truncatePagecache } from '../../vfs/truncate.js';
import { NOOP_BDI, ramAops, simpleDirectoryOperations } from '../../vfs/libfs.js';
import { tmpfsFileOperations } from './shmem.js';

/** A tmpfs: files whose only store is the page cache. */
export class TmpfsSuperBlock extends SuperBlock {
  readonly type = 'tmpfs';
  readOnly = false;
  readonly bdi = NOOP_BDI;
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
    return new Set([this.root, ...this.root.descendants()]);
  }

  /** Nothing can be dropped. */
  dropCaches(): void {
    return;
  }

  /** An unnamed file of zero pages, for shared anonymous memory: mm/shmem.c:shmem_zero_setup(). */
  zeroFile(pages: number): OpenFile {
    const inode = this.newInode(S_IFREG | 0o777);
    inode.links = 0;
    inode.setSize(pages * PAGE_SIZE);
    return new OpenFile(inode, '/dev/zero (deleted)', { writable: true });
  }
}

/** A file or directory of a tmpfs. */
export class TmpfsInode extends SizedInode<TmpfsInode> {
  readonly sb: TmpfsSuperBlock;
  readonly mapping: AddressSpace | undefined;

  constructor(sb: TmpfsSuperBlock, ino: number, mode: number) {
    const directory = (mode & S_IFDIR) !== 0;
    super(ino, mode, directory ? simpleDirectoryOperations : tmpfsFileOperations);
    this.sb = sb;
    this.mapping = this.isRegular
      ? new AddressSpace(this, ramAops, sb.phys, { truncatable: true })
      : undefined;
  }

  protected newInode(mode: number): TmpfsInode {
    return this.sb.newInode(mode);
  }

  protected own(inode: Inode): TmpfsInode {
    return tmpfsInode(inode);
  }

  /** Compare mm/shmem.c:shmem_setattr(). */
  override setSize(size: number): void {
    const { mapping, bytes } = this;
    if (mapping === undefined) throw new SyscallError('EINVAL');
    this.bytes = size;
    if (size <= bytes) truncatePagecache(mapping, size);
  }
}

/** The inode of a file that belongs to a tmpfs, as its operations know. */
export function tmpfsInode(inode: Inode): TmpfsInode {
  invariant(inode instanceof TmpfsInode, 'an operation of tmpfs on a foreign inode');
  return inode;
}
