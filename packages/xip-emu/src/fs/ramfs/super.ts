import { S_IFDIR } from 'cramfs-format';
import { SyscallError, invariant } from '../../errno.js';
import type { PhysicalMemory } from '../../phys/physical-memory.js';
import type { PageGeometry } from '../../units.js';
import { AddressSpace } from '../../vfs/address-space.js';
import type { FileOperations } from '../../vfs/file.js';
import { filemapRead, genericFileVmOps, genericPerformWrite } from '../../vfs/filemap.js';
import { RENAME_WHITEOUT, SuperBlock, type Inode } from '../../vfs/inode.js';
import type { NommuMappings } from '../../vfs/nommu-mappings.js';
import { NOOP_BDI, noopFsync, ramAops, simpleDirectoryOperations } from '../../vfs/libfs.js';
import { SizedInode } from '../../vfs/simple-inode.js';
import { specialOperations } from '../../vfs/special.js';
import { filemapSpliceRead, iterFileSpliceWrite } from '../../vfs/splice.js';
import { truncatePagecache } from '../../vfs/truncate.js';
import { expandForMapping, ramfsNommuOperations } from './file-nommu.js';

export interface RamfsOptions {
  /** The machine's, if it has no MMU. */
  readonly nommu?: NommuMappings | undefined;
}

/**
 * A ramfs: files whose only store is the page cache. A kernel without MMU has it in place of tmpfs,
 * under that name.
 */
export class RamfsSuperBlock extends SuperBlock {
  readonly type = 'ramfs';
  readOnly = false;
  readonly bdi = NOOP_BDI;
  override readonly hasXattrs = false;
  readonly phys: PhysicalMemory;
  readonly nommu: NommuMappings | undefined;
  readonly root: RamfsInode;
  private nextIno = 1;

  constructor(phys: PhysicalMemory, { nommu }: RamfsOptions = {}) {
    super();
    this.phys = phys;
    this.nommu = nommu;
    this.root = this.newInode(S_IFDIR | 0o755);
  }

  get geometry(): PageGeometry {
    return this.phys.geometry;
  }

  /** An inode without a name. */
  newInode(mode: number): RamfsInode {
    const inode = new RamfsInode(this, this.nextIno, mode);
    this.nextIno += 1;
    return inode;
  }

  /** All that have names. */
  cachedInodes(): Iterable<RamfsInode> {
    return new Set([this.root, ...this.root.descendants()]);
  }

  /** Nothing can be dropped. */
  dropCaches(): void {
    return;
  }
}

/** A file, directory or symlink of a ramfs. */
export class RamfsInode extends SizedInode<RamfsInode> {
  readonly sb: RamfsSuperBlock;
  readonly mapping: AddressSpace | undefined;

  constructor(sb: RamfsSuperBlock, ino: number, mode: number) {
    super(ino, mode, specialOperations(mode, simpleDirectoryOperations, fileOperations));
    this.sb = sb;
    this.mapping = this.isRegular
      ? new AddressSpace(this, ramAops, sb.phys, { truncatable: true })
      : undefined;
  }

  protected newInode(mode: number): RamfsInode {
    return this.sb.newInode(mode);
  }

  protected own(inode: Inode): RamfsInode {
    return ramfsInode(inode);
  }

  /** Knows no RENAME_WHITEOUT. Compare fs/libfs.c:simple_rename(). */
  override rename(name: string, newParent: Inode, newName: string, flags: number): void {
    if ((flags & RENAME_WHITEOUT) !== 0) throw new SyscallError('EINVAL');
    super.rename(name, newParent, newName, flags);
  }

  /** Compare fs/libfs.c:simple_setattr(), fs/ramfs/file-nommu.c:ramfs_nommu_resize(). */
  override setSize(size: number): void {
    const { mapping, bytes, sb } = this;
    if (mapping === undefined) throw new SyscallError('EINVAL');
    this.touch();
    if (size < bytes) {
      sb.nommu?.shrinkInodeMappings(this, bytes, size);
      this.bytes = size;
      truncatePagecache(mapping, size);
      return;
    }
    if (sb.nommu !== undefined && bytes === 0 && size > 0) expandForMapping(mapping, size);
    this.bytes = size;
  }
}

function ramfsInode(inode: Inode): RamfsInode {
  invariant(inode instanceof RamfsInode, 'an operation of ramfs on a foreign inode');
  return inode;
}

const fileOperations: FileOperations = {
  ...ramfsNommuOperations,
  readIter: filemapRead,
  writeIter(file, position, from) {
    const inode = ramfsInode(file.inode);
    if (from.length === 0) return 0;
    inode.touch();
    return genericPerformWrite(inode.mapping!, position, from, (size) => {
      inode.extend(size);
    });
  },
  spliceRead: filemapSpliceRead,
  spliceWrite: iterFileSpliceWrite,
  mmap(_file, vma) {
    vma.ops = genericFileVmOps;
  },
  fsync: noopFsync,
};
