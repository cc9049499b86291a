import { S_IFDIR, S_IFREG } from 'cramfs-format';
import { SyscallError } from '../../errno.js';
import type { PhysicalMemory } from '../../phys/physical-memory.js';
import type { PageGeometry } from '../../units.js';
import { OpenFile } from '../../vfs/file.js';
import { SuperBlock } from '../../vfs/inode.js';
import { NOOP_BDI, simpleDirectoryOperations } from '../../vfs/libfs.js';
import { specialOperations } from '../../vfs/special.js';
import { TmpfsInode } from './inode.js';
import { shmemAops, tmpfsFileOperations } from './shmem.js';

/** include/linux/shmem_fs.h:BOGO_INODE_SIZE: what an inode, or a further name, takes of nr_inodes. */
const BOGO_INODE_SIZE = 1024;

export interface TmpfsOptions {
  /** Bytes for the pages of all files, rounded up to pages; 0 for no limit. Default: half the RAM. */
  readonly size?: number | undefined;
  /** Inodes and further names; 0 for no limit. Default: half as many as the RAM has pages. */
  readonly nrInodes?: number | undefined;
  /** Permissions, user and group of the root; default 01777, 0 and 0. */
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** A tmpfs: files whose only store is the page cache. */
export class TmpfsSuperBlock extends SuperBlock {
  readonly type = 'tmpfs';
  readOnly = false;
  readonly bdi = NOOP_BDI;
  override readonly decodesHandles = true;
  readonly phys: PhysicalMemory;
  readonly root: TmpfsInode;
  private nextIno = 1;
  private freeBlocks: number;
  /** free_ispace: bytes that inodes, further names and extended attributes take. */
  private freeInodeSpace: number;

  constructor(phys: PhysicalMemory, options: TmpfsOptions = {}) {
    super();
    const { ramFrames, geometry } = phys;
    const half = Math.floor(ramFrames / 2);
    const {
      size = half * geometry.size,
      nrInodes = half,
      mode = 0o1777,
      uid = 0,
      gid = 0,
    } = options;
    this.phys = phys;
    this.freeBlocks = size === 0 ? Infinity : geometry.pagesOf(size);
    this.freeInodeSpace = nrInodes === 0 ? Infinity : nrInodes * BOGO_INODE_SIZE;
    this.root = this.newInode(S_IFDIR | mode);
    this.root.uid = uid;
    this.root.gid = gid;
  }

  get geometry(): PageGeometry {
    return this.phys.geometry;
  }

  /** An inode without a name. @throws SyscallError ENOSPC. */
  newInode(mode: number): TmpfsInode {
    this.takeInode();
    const inode = new TmpfsInode(this, this.nextIno, mode, {
      fops: specialOperations(mode, simpleDirectoryOperations, tmpfsFileOperations),
      aops: shmemAops,
    });
    this.nextIno += 1;
    return inode;
  }

  /** Compare mm/shmem.c:shmem_reserve_inode(). @throws SyscallError ENOSPC. */
  takeInode(): void {
    this.takeInodeSpace(BOGO_INODE_SIZE);
  }

  giveInode(): void {
    this.freeInodeSpace += BOGO_INODE_SIZE;
  }

  /** @param bytes below 0 to give some back. @throws SyscallError ENOSPC. */
  takeInodeSpace(bytes: number): void {
    if (bytes > this.freeInodeSpace) throw new SyscallError('ENOSPC', 'no inodes left');
    this.freeInodeSpace -= bytes;
  }

  /** Compare mm/shmem.c:shmem_inode_acct_blocks(). @throws SyscallError ENOSPC. */
  takeBlocks(pages: number): void {
    if (this.freeBlocks < pages) throw new SyscallError('ENOSPC', 'no pages left');
    this.freeBlocks -= pages;
  }

  giveBlocks(pages: number): void {
    this.freeBlocks += pages;
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
    inode.setSize(pages * this.geometry.size);
    return new OpenFile(inode, '/dev/zero (deleted)', { writable: true });
  }
}
