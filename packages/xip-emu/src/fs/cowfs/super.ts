import { S_IFDIR, S_IFMT } from 'cramfs-format';
import { invariant } from '../../errno.js';
import type { PhysicalMemory } from '../../phys/physical-memory.js';
import type { PageGeometry } from '../../units.js';
import { SuperBlock } from '../../vfs/inode.js';
import { NOOP_BDI, directoryOperations } from '../../vfs/libfs.js';
import { cowfsAops } from './aops.js';
import { BlockStore, type Block } from './block-store.js';
import { cowfsFileOperations } from './file.js';
import { CowfsInode } from './inode.js';

export interface CowfsOptions {
  /** Size of the device in blocks, which are pages; default: unlimited. */
  readonly blocks?: number | undefined;
}

/**
 * A small copy-on-write file system with reflinks, as XFS and btrfs have them: files are made of
 * blocks with reference counts, FICLONE makes files share them, and a write gives the file that is
 * written to a block of its own. It keeps its blocks in the emulator's own memory, not in the
 * machine's: they are the device.
 */
export class CowfsSuperBlock extends SuperBlock {
  readonly type = 'cowfs';
  readOnly = false;
  readonly bdi = NOOP_BDI;
  readonly phys: PhysicalMemory;
  readonly store: BlockStore;
  readonly root: CowfsInode;
  /** All inodes that have blocks or pages; those without names as long as they are open. */
  private readonly inodes = new Set<CowfsInode>();
  private nextIno = 1;

  constructor(phys: PhysicalMemory, { blocks = Infinity }: CowfsOptions = {}) {
    super();
    this.phys = phys;
    this.store = new BlockStore(blocks);
    this.root = this.newInode(S_IFDIR | 0o755);
  }

  get geometry(): PageGeometry {
    return this.phys.geometry;
  }

  /** An inode without a name. */
  newInode(mode: number): CowfsInode {
    const isDirectory = (mode & S_IFMT) === S_IFDIR;
    const fops = isDirectory ? directoryOperations : cowfsFileOperations;
    const inode = new CowfsInode(this, this.nextIno, mode, { fops, aops: cowfsAops });
    this.nextIno += 1;
    this.inodes.add(inode);
    return inode;
  }

  /** Called when an inode's content is gone. */
  forget(inode: CowfsInode): void {
    this.inodes.delete(inode);
  }

  cachedInodes(): Iterable<CowfsInode> {
    return this.inodes;
  }

  dropCaches(): void {
    for (const inode of this.inodes) inode.mapping?.dropUnmapped();
  }

  /** Checks that each block's count is the number of its uses. @throws InvariantError. */
  validate(): void {
    const users = new Map<Block, number>();
    for (const inode of this.inodes) inode.countBlocks(users);
    for (const [block, count] of users) {
      invariant(this.store.usersOf(block) === count, `block ${block} is miscounted`);
    }
    invariant(users.size === this.store.used, 'a block is in use, and no file has it');
  }
}
