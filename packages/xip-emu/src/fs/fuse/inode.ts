import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
} from 'cramfs-format';
import { SyscallError, invariant } from '../../errno.js';
import { AddressSpace } from '../../vfs/address-space.js';
import { UNNAMED_DEVICE, type DeviceNumber } from '../../vfs/device.js';
import { Inode, type OperationTables } from '../../vfs/inode.js';
import { invalidatePages } from '../../vfs/invalidate.js';
import { truncatePagecache } from '../../vfs/truncate.js';
import type { FuseBacking } from './connection.js';
import type { FuseFile } from './fuse-file.js';
import type { FuseAttributes, NodeId } from './protocol.js';
import type { FuseSuperBlock } from './super.js';

const FILE_TYPES = new Set([S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK]);

/** struct fuse_inode: a node of the server, with the attributes from its last answer. */
export class FuseInode extends Inode {
  readonly sb: FuseSuperBlock;
  readonly nodeId: NodeId;
  readonly mapping: AddressSpace | undefined;
  mode: number;
  size: number;
  /** Device number of a device node. */
  private readonly device: DeviceNumber;
  /** Open files: one of them serves requests that belong to no open file. */
  readonly openFiles = new Set<FuseFile>();
  /** Open files that use the page cache; below 0: that are passed through (iocachectr). */
  ioCacheCount = 0;
  /** The names that were looked up in a directory: its dentries. */
  private readonly entries = new Map<string, FuseInode>();
  /** The backing file of all open files that are passed through. */
  backing: FuseBacking | undefined = undefined;

  constructor(
    sb: FuseSuperBlock,
    nodeId: NodeId,
    attributes: FuseAttributes,
    { fops, aops }: OperationTables,
  ) {
    const { mode, size, links = 1, ino = nodeId } = attributes;
    checkAttributes(attributes);
    super(ino, fops);
    this.sb = sb;
    this.nodeId = nodeId;
    this.device = attributes.rdev ?? UNNAMED_DEVICE;
    this.mode = mode;
    this.size = size;
    this.links = links;
    this.mapping = this.isRegular
      ? new AddressSpace(this, aops, sb.phys, { truncatable: true })
      : undefined;
  }

  /**
   * Takes the attributes in an answer of the server. If the size has changed, the page cache is of the
   * old file. Compare fs/fuse/inode.c:fuse_change_attributes().
   *
   * @throws SyscallError EIO if the node has become something else.
   */
  changeAttributes(attributes: FuseAttributes): void {
    const { mode, size, links = 1 } = attributes;
    checkAttributes(attributes);
    if (((mode ^ this.mode) & S_IFMT) !== 0) throw new SyscallError('EIO', 'another type');
    const { size: old, mapping } = this;
    this.mode = mode;
    this.links = links;
    this.size = size;
    if (mapping === undefined || size === old) return;
    truncatePagecache(mapping, size);
    invalidatePages(mapping);
  }

  override get rdev(): DeviceNumber {
    return this.device;
  }

  /** Compare fs/fuse/dir.c:fuse_update_attributes(). @throws SyscallError. */
  override updateAttributes(): void {
    this.changeAttributes(this.sb.connection.request('getattr', this.nodeId));
  }

  /** Compare fs/fuse/file.c:fuse_write_update_attr(). */
  extend(end: number): void {
    this.size = Math.max(this.size, end);
  }

  lookup(name: string): FuseInode | undefined {
    try {
      const inode = this.sb.iget(this.sb.connection.request('lookup', this.nodeId, name));
      this.entries.set(name, inode);
      return inode;
    } catch (error) {
      if (error instanceof SyscallError && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  readlink(): string {
    if (!this.isSymlink) throw new SyscallError('EINVAL');
    return this.sb.connection.request('readlink', this.nodeId);
  }

  override create(name: string, mode: number): FuseInode {
    return this.newNode(name, mode, UNNAMED_DEVICE);
  }

  override mknod(name: string, mode: number, rdev: DeviceNumber): FuseInode {
    return this.newNode(name, mode, rdev);
  }

  private newNode(name: string, mode: number, rdev: DeviceNumber): FuseInode {
    return this.sb.iget(this.sb.connection.request('mknod', this.nodeId, name, mode, rdev));
  }

  override mkdir(name: string, mode: number): FuseInode {
    return this.sb.iget(this.sb.connection.request('mkdir', this.nodeId, name, mode));
  }

  override symlink(name: string, target: string): FuseInode {
    return this.sb.iget(this.sb.connection.request('symlink', this.nodeId, name, target));
  }

  override link(name: string, existing: Inode): void {
    const { nodeId } = fuseInode(existing);
    this.sb.iget(this.sb.connection.request('link', this.nodeId, name, nodeId));
  }

  override unlink(name: string): void {
    this.sb.connection.request('unlink', this.nodeId, name);
    this.unlinked(name);
  }

  override rmdir(name: string): void {
    this.sb.connection.request('rmdir', this.nodeId, name);
    this.unlinked(name);
  }

  override rename(name: string, newParent: Inode, newName: string): void {
    const parent = fuseInode(newParent);
    this.sb.connection.request('rename', this.nodeId, name, parent.nodeId, newName);
    parent.unlinked(newName);
    this.entries.delete(name);
  }

  /** A name is gone. Compare fs/fuse/dir.c:fuse_entry_unlinked(). */
  private unlinked(name: string): void {
    const inode = this.entries.get(name);
    this.entries.delete(name);
    if (inode !== undefined) inode.links = inode.isDirectory ? 0 : Math.max(inode.links - 1, 0);
  }

  /** Compare fs/fuse/dir.c:fuse_do_setattr(). */
  override setSize(size: number): void {
    this.changeAttributes(this.sb.connection.request('setattr', this.nodeId, size));
  }
}

/** Compare fs/fuse/dir.c:fuse_invalid_attr(). @throws SyscallError EIO. */
function checkAttributes({ mode, size }: FuseAttributes): void {
  const isKnown = FILE_TYPES.has(mode & S_IFMT);
  if (!isKnown || !Number.isSafeInteger(size) || size < 0) {
    throw new SyscallError('EIO', 'the server returned impossible attributes');
  }
}

/** The inode of a file that belongs to FUSE, as its operations know. */
export function fuseInode(inode: Inode): FuseInode {
  invariant(inode instanceof FuseInode, 'an operation of FUSE on a foreign inode');
  return inode;
}
