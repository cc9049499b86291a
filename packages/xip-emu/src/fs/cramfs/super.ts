import {
  CRAMFS_FLAG_FSID_VERSION_2,
  CRAMFS_FLAG_SORTED_DIRS,
  CRAMFS_SUPER_SIZE,
  type BlockSize,
  type Endianness,
} from 'cramfs-format';
import {
  openImage,
  usesPhysmemOperations,
  type BlockSource,
  type CramfsImage,
  type Inode as ImageInode,
} from 'cramfs-reader';
import { SyscallError } from '../../errno.js';
import { KernelCorruption } from '../../kernel-corruption.js';
import type { PhysicalMemory } from '../../phys/physical-memory.js';
import type { Address, PageGeometry } from '../../units.js';
import type { BlockDevice } from '../../vfs/block-device.js';
import type { DeviceNumber } from '../../vfs/device.js';
import { SuperBlock, type BackingDevice, type OperationTables } from '../../vfs/inode.js';
import { directoryOperations } from '../../vfs/libfs.js';
import { specialOperations } from '../../vfs/special.js';
import { BlkdevReader } from './blkdev-read.js';
import { blockdevFileOperations, extentFileOperations, physmemFileOperations } from './file.js';
import { CramfsInode } from './inode.js';
import type { CramfsPolicy } from './policy.js';
import { cramfsAops } from './read-folio.js';

/** The size to assume for a superblock without CRAMFS_FLAG_FSID_VERSION_2. */
const OLD_SIZE = 1 << 28;
/** Permissions of the root directory, whatever is stored: cramfs_read_super(). */
const ROOT_MODE = 0o555;

export interface CramfsMountOptions {
  /** Bus address of image byte 0 on an MTD with point(); undefined: a block device. */
  readonly physAddr?: Address | undefined;
  /** Device number of the MTD. */
  readonly dev?: DeviceNumber | undefined;
  /** The disk: what is read from it stays in its page cache. */
  readonly bdev?: BlockDevice | undefined;
  readonly phys: PhysicalMemory;
  readonly policy: CramfsPolicy;
  /** Byte order of the kernel; images in the other one are refused. */
  readonly endianness?: Endianness | undefined;
}

/** drivers/mtd/mtdcore.c:mtd_bdi_init(). */
const MTD_BDI: BackingDevice = { raPages: 0, ioPages: 0 };

/** A mounted cramfs image. Compare fs/cramfs/inode.c:cramfs_fill_super functions. */
export class CramfsSuperBlock extends SuperBlock {
  readonly type = 'cramfs';
  readOnly = true;
  readonly image: CramfsImage;
  readonly phys: PhysicalMemory;
  readonly policy: CramfsPolicy;
  readonly bdi: BackingDevice;
  /** linear_phys_addr: bus address of image byte 0, 0 on a block device. */
  readonly physAddr: Address;
  /** sbi->size: reads on ROM end here. */
  readonly size: number;
  /** Bytes of ROM from image byte 0 on, as far as the kernel has mapped it; 0 on a block device. */
  readonly romSize: number;
  /** The image as far as the kernel reads it; pointers that are further away are zeros. */
  readonly readable: BlockSource;
  readonly sortedDirectories: boolean;
  /** Image offset of the last byte that can be read, plus 1. */
  private readonly end: number;
  /** True if reads end the kernel: see {@link readOfNothing}. */
  private readonly isUnmapped: boolean;
  /** On a block device: what reading leaves in its page cache. */
  readonly blkdev: BlkdevReader | undefined;
  /** True if regular files get the operations that map directly. */
  readonly physmem: boolean;
  readonly root: CramfsInode;
  /** The inode cache: two names at one data offset are one inode, the first's. */
  private readonly inodes = new Map<number, CramfsInode>();

  /**
   * What else a kernel checks before it mounts an image, openImage() has checked.
   *
   * @throws SyscallError EINVAL for an image of the other endianness, one that is larger than
   * what is left of the ROM, or a block device that is smaller than a page.
   */
  constructor(image: CramfsImage, options: CramfsMountOptions) {
    super();
    const { physAddr = 0, phys, policy, endianness = 'little' } = options;
    const { size: pageSize } = phys.geometry;
    if (image.endianness !== endianness) throw new SyscallError('EINVAL', 'wrong endianness');
    const dev = (policy.nodev === true ? undefined : options.dev) ?? options.bdev?.dev;
    if (dev !== undefined) this.dev = dev;
    this.image = asKernelReads(image, policy, pageSize);
    checkKernel(this.image, physAddr, phys.geometry);
    this.phys = phys;
    this.policy = policy;
    this.physAddr = physAddr;
    this.bdi = options.bdev?.inode.sb.bdi ?? MTD_BDI;
    this.blkdev = options.bdev && new BlkdevReader(options.bdev);
    const { flags, size } = image.superblock;
    this.size = (flags & CRAMFS_FLAG_FSID_VERSION_2) === 0 ? OLD_SIZE : size;
    const { view, blockSize, bytes } = this.image;
    // QUIRK K26: a block device is read in whole pages only.
    this.end = physAddr === 0 ? bytes.length - (bytes.length % pageSize) : bytes.length;
    if (physAddr === 0 && this.end === 0) {
      throw new SyscallError('EINVAL', 'wrong magic: the block device is smaller than a page');
    }
    const readableSize = physAddr === 0 ? this.end : Math.min(this.size, this.end);
    this.readable = { view, endianness: image.endianness, blockSize, size: readableSize };
    this.sortedDirectories = (flags & CRAMFS_FLAG_SORTED_DIRS) !== 0;
    this.romSize = physAddr === 0 ? 0 : this.partitionSize();
    // QUIRK K25: for 0 bytes the MTD gives neither an address nor memory.
    this.isUnmapped = physAddr !== 0 && this.size === 0;
    this.physmem = usesPhysmemOperations(this.image, this.isUnmapped ? 0 : physAddr);
    this.root = this.iget({ ...image.root, mode: image.root.mode | ROOT_MODE });
    options.bdev?.open(this);
    this.blkdev?.read(image.superblock.offset, CRAMFS_SUPER_SIZE);
  }

  get geometry(): PageGeometry {
    return this.phys.geometry;
  }

  /** Compare fs/cramfs/inode.c:cramfs_kill_sb(). */
  override kill(): void {
    super.kill();
    this.blkdev?.bdev.release(this);
  }

  /**
   * The MTD starts with the image and ends with the ROM, all of which its driver has mapped. Compare
   * drivers/mtd/mtdcore.c:mtd_point(), drivers/mtd/maps/physmap-core.c.
   *
   * @returns its bytes.
   */
  private partitionSize(): number {
    const { phys, physAddr, size } = this;
    const rom = phys.rom.windows.find(
      ({ address, size: bytes }) => physAddr >= address && physAddr + size <= address + bytes,
    );
    if (rom === undefined) {
      throw new SyscallError('EINVAL', `no ROM has the image's ${size} bytes at its address`);
    }
    return rom.address + rom.size - physAddr;
  }

  /**
   * The inode of an image inode. Compare fs/cramfs/inode.c:get_cramfs_inode().
   *
   * @throws SyscallError EIO for a file type that Linux does not know.
   */
  iget(raw: ImageInode): CramfsInode {
    let inode = this.inodes.get(raw.ino);
    if (inode === undefined) {
      if (raw.type === undefined) throw new SyscallError('EIO', 'an unknown file type');
      inode = new CramfsInode(this, raw, this.tablesOf(raw.mode));
      this.inodes.set(raw.ino, inode);
    }
    return inode;
  }

  private tablesOf(mode: number): OperationTables {
    const onRom = this.policy.dialect === undefined ? physmemFileOperations : extentFileOperations;
    const regular = this.physmem ? onRom : blockdevFileOperations;
    return { fops: specialOperations(mode, directoryOperations, regular), aops: cramfsAops };
  }

  /** Image offset of the content of a file in one piece, if the kernel knows such files. */
  extentOf(inode: ImageInode): number | undefined {
    const { dialect, bytes } = this.image;
    return this.policy.dialect === undefined ? undefined : dialect.extent?.(bytes, inode);
  }

  cachedInodes(): Iterable<CramfsInode> {
    return this.inodes.values();
  }

  dropCaches(): void {
    for (const inode of this.inodes.values()) inode.mapping?.dropUnmapped();
    this.blkdev?.bdev.mapping.dropUnmapped();
  }

  /** Stays read-only, whatever is requested. Compare fs/cramfs/inode.c:cramfs_reconfigure(). */
  override reconfigure(): void {
    return;
  }

  /**
   * Returns `length` bytes at `offset` of the image as the kernel reads them. After the last whole
   * page of a block device come zeros, and on ROM a read that crosses the end of the image gives
   * nothing but zeros. Compare fs/cramfs/inode.c:cramfs_blkdev_read(), cramfs_direct_read().
   *
   * @returns at most `length` bytes, zeros follow; not to be written to.
   */
  read(offset: number, length: number): Uint8Array {
    if (this.isUnmapped) throw this.readOfNothing();
    this.blkdev?.read(offset, length);
    const crosses = length > this.size || offset > this.size - length;
    if (this.physAddr !== 0 && crosses) return new Uint8Array(length);
    return this.image.bytes.subarray(
      Math.min(offset, this.end),
      Math.min(offset + length, this.end),
    );
  }

  /** Offset from which on every {@link read} of `length` bytes gives zeros. */
  zerosFrom(length: number): number {
    if (this.isUnmapped) return Infinity;
    return this.physAddr === 0 ? this.end : Math.min(this.end, this.size - length + 1);
  }

  /**
   * Without an address of the ROM, cramfs_read() takes the mount for one of a block device, which
   * it has not: compare fs/cramfs/inode.c:cramfs_read(), cramfs_blkdev_read().
   */
  private readOfNothing(): KernelCorruption {
    const place = { start: this.physAddr, end: this.physAddr };
    return new KernelCorruption({
      kind: 'oops',
      kernelFunction: 'fs/cramfs/inode.c:cramfs_blkdev_read()',
      effect: 'the superblock says 0 bytes: the kernel dies at the first read from the mount',
      first: { operation: 'mount of the ROM', ...place },
      second: { operation: 'the first read', ...place },
    });
  }
}

/** Reads the image as the kernel would: its blocks are pages, its dialect is the kernel's. */
function asKernelReads(
  image: CramfsImage,
  { dialect }: CramfsPolicy,
  pageSize: BlockSize,
): CramfsImage {
  const isRight =
    dialect === undefined ? image.dialect.kernel === undefined : image.dialect.name === dialect;
  if (image.blockSize === pageSize && isRight) return image;
  const { bytes, zlib } = image;
  return openImage(bytes, { blockSize: pageSize, dialect: dialect ?? 'standard', zlib });
}

/**
 * What a kernel with a cramfs of its own checks besides. Compare cramfs_fill_super() of the linear XIP
 * patches, asxipfs_fill_super().
 *
 * @throws SyscallError EINVAL
 */
function checkKernel(
  { dialect, superblock }: CramfsImage,
  physAddr: Address,
  geometry: PageGeometry,
): void {
  const { kernel } = dialect;
  if (kernel === undefined) return;
  if ((superblock.flags & ~kernel.flags) !== 0) {
    throw new SyscallError('EINVAL', 'unsupported filesystem features');
  }
  if (!geometry.isAligned(physAddr)) {
    throw new SyscallError('EINVAL', "the image's address is not aligned to a page boundary");
  }
}
