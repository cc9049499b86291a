import { S_IFBLK } from 'cramfs-format';
import { SyscallError, invariant } from '../errno.js';
import type { PhysicalMemory } from '../phys/physical-memory.js';
import type { PageGeometry } from '../units.js';
import { AddressSpace, type AddressSpaceOperations } from './address-space.js';
import type { DeviceNumber } from './device.js';
import { Inode, SuperBlock, type BackingDevice } from './inode.js';

const MINOR_BITS = 20;
/** The file system that inodes of block devices are in. */
export const BDEV_TYPE = 'bdev';

export interface BlockDeviceOptions {
  readonly dev: DeviceNumber;
  /** Bytes, whole sectors. */
  readonly size: number;
  readonly bdi: BackingDevice;
  /** Its content, from the first byte on; zeros follow. Must not change. */
  readonly bytes: Uint8Array;
}

/**
 * A struct block_device, whole and read-only: a ROM through mtdblock, or a disk. All nodes of the
 * device, and file systems on it, share the pages of its inode.
 */
export class BlockDevice {
  readonly dev: DeviceNumber;
  /** Bytes: bdev_nr_bytes(). */
  readonly size: number;
  readonly inode: BdevInode;
  /** bd_openers: files and mounts. The last one to close drops the pages. */
  private openers = 0;
  /** bd_holder: who has it for himself. */
  private holder: unknown = undefined;
  private holders = 0;
  /** Its content, without the zeros that may follow. */
  readonly bytes: Uint8Array;

  constructor(phys: PhysicalMemory, options: BlockDeviceOptions) {
    this.dev = options.dev;
    this.size = options.size;
    this.bytes = options.bytes;
    this.inode = new BdevInode(new BdevSuperBlock(this, options.bdi), this, phys);
  }

  /** Its exclusive holder: a mount, or a file with O_EXCL. */
  get isClaimed(): boolean {
    return this.holders > 0;
  }

  /** The page cache of the device: bd_mapping. */
  get mapping(): AddressSpace {
    return this.inode.mapping;
  }

  /** A page as the device has it; zeros follow its end. */
  page(index: number): Uint8Array {
    const { size: pageSize } = this.mapping.geometry;
    const offset = index * pageSize;
    return this.bytes.subarray(offset, Math.min(offset + pageSize, this.size));
  }

  /**
   * Compare block/bdev.c:bdev_open(). CONFIG_BLK_DEV_WRITE_MOUNTED is on, as by default: a mount
   * does not keep anybody from opening its device.
   *
   * @param holder who wants exclusive use of the device; undefined = O_EXCL was not asked for.
   * @throws SyscallError EBUSY if another holder has it.
   */
  open(holder: unknown): void {
    if (holder !== undefined) {
      if (this.holders > 0 && this.holder !== holder) {
        throw new SyscallError('EBUSY', 'the device is mounted, or open with O_EXCL');
      }
      this.holder = holder;
      this.holders += 1;
    }
    this.openers += 1;
  }

  /** Compare block/bdev.c:bdev_release(), kill_bdev(). @param holder as given to `open`. */
  release(holder: unknown): void {
    invariant(this.openers > 0, 'a block device is released as often as it is opened');
    if (holder !== undefined) {
      this.holders -= 1;
      if (this.holders === 0) this.holder = undefined;
    }
    this.openers -= 1;
    if (this.openers === 0) this.mapping.evict();
  }
}

/** The part of blockdev_superblock for one device. */
class BdevSuperBlock extends SuperBlock {
  readonly type = BDEV_TYPE;
  override readOnly = false;
  readonly bdi: BackingDevice;
  readonly device: BlockDevice;

  constructor(device: BlockDevice, bdi: BackingDevice) {
    super();
    this.device = device;
    this.bdi = bdi;
  }

  get geometry(): PageGeometry {
    return this.device.mapping.geometry;
  }

  get root(): BdevInode {
    return this.device.inode;
  }

  cachedInodes(): Iterable<BdevInode> {
    return [this.device.inode];
  }

  dropCaches(): void {
    this.device.mapping.dropUnmapped();
  }
}

const blockAops: AddressSpaceOperations = {
  readFolio: ({ host }, index) => bdevOf(host).page(index),
};

/** BD_INODE(): the inode of the device itself, which has no name. Nodes lead to it. */
export class BdevInode extends Inode {
  readonly sb: SuperBlock;
  readonly mode = S_IFBLK | 0o600;
  readonly size: number;
  readonly mapping: AddressSpace;
  readonly device: BlockDevice;

  constructor(sb: SuperBlock, device: BlockDevice, phys: PhysicalMemory) {
    const { major, minor } = device.dev;
    super(major * 2 ** MINOR_BITS + minor, {});
    this.sb = sb;
    this.device = device;
    this.size = device.size;
    this.mapping = new AddressSpace(this, blockAops, phys, { store: device.bytes });
  }

  override get rdev(): DeviceNumber {
    return this.device.dev;
  }

  lookup(): undefined {
    return undefined;
  }

  readlink(): string {
    throw new SyscallError('EINVAL');
  }
}

/** I_BDEV(): the device of f_mapping->host. */
export function bdevOf(inode: Inode): BlockDevice {
  invariant(inode instanceof BdevInode, 'an operation of block devices on a foreign inode');
  return inode.device;
}
