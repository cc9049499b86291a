import { S_IFDIR, S_IFMT } from 'cramfs-format';
import { SyscallError } from '../../errno.js';
import type { PhysicalMemory } from '../../phys/physical-memory.js';
import type { PageGeometry } from '../../units.js';
import { SuperBlock, type BackingDevice } from '../../vfs/inode.js';
import { directoryOperations } from '../../vfs/libfs.js';
import { specialOperations } from '../../vfs/special.js';
import { fuseAops } from './cache.js';
import { FuseConnection } from './connection.js';
import { fuseFileOperations } from './file.js';
import { FuseInode } from './inode.js';
import { FUSE_ROOT_ID, type FuseEntry, type FuseServer, type NodeId } from './protocol.js';

/** A server that answers INIT with max_readahead 0. */
const BDI: BackingDevice = { raPages: 0, ioPages: 0 };

/** A mounted FUSE file system. */
export class FuseSuperBlock extends SuperBlock {
  readonly type = 'fuse';
  readOnly = false;
  readonly bdi = BDI;
  readonly phys: PhysicalMemory;
  readonly connection: FuseConnection;
  readonly root: FuseInode;
  private readonly inodes = new Map<NodeId, FuseInode>();

  /** Compare fs/fuse/inode.c:fuse_fill_super_common() and process_init_reply(). */
  constructor(phys: PhysicalMemory, server: FuseServer) {
    super();
    this.phys = phys;
    this.connection = new FuseConnection(server, () => this.trace);
    this.stackDepth = this.connection.maxStackDepth;
    this.root = this.iget({
      nodeId: FUSE_ROOT_ID,
      attributes: { mode: S_IFDIR | 0o755, size: 0, ino: FUSE_ROOT_ID },
    });
  }

  get geometry(): PageGeometry {
    return this.phys.geometry;
  }

  /**
   * The inode of a node, with the attributes that the server gives. Compare
   * fs/fuse/inode.c:fuse_iget().
   *
   * @throws SyscallError EIO for an answer that cannot be.
   */
  iget({ nodeId, attributes }: FuseEntry): FuseInode {
    const known = this.inodes.get(nodeId);
    if (known !== undefined && ((known.mode ^ attributes.mode) & S_IFMT) === 0) {
      known.changeAttributes(attributes);
      return known;
    }
    if (!Number.isInteger(nodeId) || nodeId < FUSE_ROOT_ID || nodeId > Number.MAX_SAFE_INTEGER) {
      throw new SyscallError('EIO', 'the server returned no node');
    }
    const fops = specialOperations(attributes.mode, directoryOperations, fuseFileOperations);
    const inode = new FuseInode(this, nodeId, attributes, { fops, aops: fuseAops });
    // A node whose type has changed becomes another inode: fuse_make_bad().
    if (known !== undefined) {
      known.links = 0;
      known.evictIfUnused();
    }
    this.inodes.set(nodeId, inode);
    return inode;
  }

  cachedInodes(): Iterable<FuseInode> {
    return this.inodes.values();
  }

  dropCaches(): void {
    for (const inode of this.inodes.values()) inode.mapping?.dropUnmapped();
  }

  override kill(): void {
    super.kill();
    this.connection.destroy();
  }
}
