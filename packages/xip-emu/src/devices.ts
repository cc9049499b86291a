import { S_IFBLK, S_IFCHR } from 'cramfs-format';
import type { PhysicalMemory } from './phys/physical-memory.js';
import type { RomWindow } from './phys/rom-windows.js';
import type { Trace } from './trace.js';
import type { PageGeometry } from './units.js';
import { BlockDevice, type BlockDeviceOptions } from './vfs/block-device.js';
import {
  MTD_BLOCK_MAJOR,
  VIRTBLK_MAJOR,
  VIRTBLK_MINORS,
  deviceText,
  MTD_CHAR_MAJOR,
  type DeviceNode,
  type DeviceNumber,
  type Devices,
  type MtdRom,
} from './vfs/device.js';
import type { FileOperations } from './vfs/file.js';
import { SECTOR_SIZE, type BackingDevice } from './vfs/inode.js';
import { FULL_MINOR, MEM_MAJOR, NULL_MINOR, ZERO_MINOR } from './vfs/special.js';

/** max_sectors_kb of a virtio disk, whose read_ahead_kb is 0. */
const DISK_IO_BYTES = 1280 << 10;
/** Nodes of drivers/char/mem.c. */
const MEM_NODES = [
  ['null', NULL_MINOR],
  ['zero', ZERO_MINOR],
  ['full', FULL_MINOR],
] as const;
/** include/linux/blkdev.h:BLK_SAFE_MAX_SECTORS, the limit of a driver that sets none. */
const SAFE_MAX_SECTORS = 255;

/** Read-ahead of a disk, turned off. */
const diskBdi = ({ size }: PageGeometry): BackingDevice => ({
  raPages: 0,
  ioPages: DISK_IO_BYTES / size,
});

/** The same of an mtdblock. */
const mtdBlockBdi = ({ size }: PageGeometry): BackingDevice => ({
  raPages: 0,
  ioPages: Math.floor((SAFE_MAX_SECTORS * SECTOR_SIZE) / size),
});

/**
 * The ROMs and disks of a machine, by the numbers that device nodes have: each window of ROM is
 * mtdN (90:2N, read-only node 90:2N+1) and mtdblockN (31:N), each disk vda (254:0), vdb (254:16), ...
 * All are read-only.
 */
export class MachineDevices implements Devices {
  readonly geometry: PageGeometry;
  private readonly phys: PhysicalMemory;
  private readonly trace: Trace;
  private readonly mtds: readonly MtdRom[];
  private readonly disks: BlockDevice[] = [];
  private readonly byNumber = new Map<string, BlockDevice>();
  private readonly characters = new Map<
    string,
    { readonly node: DeviceNode; readonly fops: FileOperations }
  >();

  /** @param trace where events of their page caches go. */
  constructor(phys: PhysicalMemory, trace: Trace) {
    this.phys = phys;
    this.geometry = phys.geometry;
    this.trace = trace;
    this.mtds = phys.rom.windows.map(mtdOf);
    for (const [minor, rom] of phys.rom.windows.entries()) {
      const dev = { major: MTD_BLOCK_MAJOR, minor };
      this.add({ dev, size: rom.size, bdi: mtdBlockBdi(this.geometry), bytes: rom.bytes });
    }
  }

  /** A disk for the machine: vda, vdb and so on. It ends with a whole sector. */
  attachDisk(bytes: Uint8Array): BlockDevice {
    const dev = { major: VIRTBLK_MAJOR, minor: this.disks.length * VIRTBLK_MINORS };
    const size = Math.ceil(bytes.length / SECTOR_SIZE) * SECTOR_SIZE;
    const disk = this.add({ dev, size, bdi: diskBdi(this.geometry), bytes });
    this.disks.push(disk);
    return disk;
  }

  private add(options: BlockDeviceOptions): BlockDevice {
    const device = new BlockDevice(this.phys, options);
    device.inode.sb.trace = this.trace;
    this.byNumber.set(deviceText(device.dev), device);
    return device;
  }

  blockDevice(dev: DeviceNumber): BlockDevice | undefined {
    return this.byNumber.get(deviceText(dev));
  }

  /** register_chrdev(): a driver, and the node that devtmpfs has for it. */
  addCharacterDevice(name: string, rdev: DeviceNumber, fops: FileOperations): void {
    this.characters.set(deviceText(rdev), { node: { name, mode: S_IFCHR | 0o666, rdev }, fops });
  }

  characterDevice(dev: DeviceNumber): FileOperations | undefined {
    return this.characters.get(deviceText(dev))?.fops;
  }

  mtd(index: number): MtdRom | undefined {
    return this.mtds[index];
  }

  /** A disk with these bytes that nothing is mounted from. */
  unusedDisk(bytes: Uint8Array): BlockDevice | undefined {
    return this.disks.find((disk) => disk.bytes === bytes && !disk.isClaimed);
  }

  /** vda, vdb, ... */
  diskByName(name: string): BlockDevice | undefined {
    return this.disks.find((_, index) => name === `vd${diskLetters(index)}`);
  }

  *nodes(): Generator<DeviceNode> {
    for (const [name, minor] of MEM_NODES) {
      yield { name, mode: S_IFCHR | 0o666, rdev: { major: MEM_MAJOR, minor } };
    }
    for (const { node } of this.characters.values()) yield node;
    for (const index of this.mtds.keys()) {
      const mode = S_IFCHR | 0o600;
      yield { name: `mtd${index}`, mode, rdev: { major: MTD_CHAR_MAJOR, minor: 2 * index } };
      yield { name: `mtd${index}ro`, mode, rdev: { major: MTD_CHAR_MAJOR, minor: 2 * index + 1 } };
      const rdev = { major: MTD_BLOCK_MAJOR, minor: index };
      yield { name: `mtdblock${index}`, mode: S_IFBLK | 0o600, rdev };
    }
    for (const [index, { dev }] of this.disks.entries()) {
      yield { name: `vd${diskLetters(index)}`, mode: S_IFBLK | 0o600, rdev: dev };
    }
  }

  /** All block devices. */
  blockDevices(): Iterable<BlockDevice> {
    return this.byNumber.values();
  }
}

/** Letters of a disk's name: a to z, aa, ab, ... Compare drivers/block/virtio_blk.c:virtblk_name_format(). */
function diskLetters(index: number): string {
  const letter = String.fromCharCode(0x61 + (index % 26));
  return index < 26 ? letter : diskLetters(Math.floor(index / 26) - 1) + letter;
}

function mtdOf({ address, size, bytes }: RomWindow): MtdRom {
  return { address, size, read: (offset, length) => bytes.subarray(offset, offset + length) };
}
