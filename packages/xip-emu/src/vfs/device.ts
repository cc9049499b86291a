import { DEFAULT_PAGE_SIZE, PageGeometry } from '../units.js';
import type { BlockDevice } from './block-device.js';
import type { FileOperations } from './file.js';

/** dev_t. */
export interface DeviceNumber {
  readonly major: number;
  readonly minor: number;
}

/** A file system without a device (major 0) that is not mounted yet. */
export const UNNAMED_DEVICE: DeviceNumber = { major: 0, minor: 0 };

/** include/uapi/linux/major.h:MTD_BLOCK_MAJOR; the minor is the MTD's index. */
export const MTD_BLOCK_MAJOR = 31;
/** include/uapi/linux/major.h:MTD_CHAR_MAJOR: the index, times two; odd minors are read-only. */
export const MTD_CHAR_MAJOR = 90;
/** The first dynamic major, which virtio_blk gets; each disk has 16 minors. */
export const VIRTBLK_MAJOR = 254;
export const VIRTBLK_MINORS = 16;

/** `major:minor` as /proc/PID/maps shows it: hexadecimal, two digits at least. */
export function deviceText({ major, minor }: DeviceNumber): string {
  return [major, minor].map((number) => number.toString(16).padStart(2, '0')).join(':');
}

/** A ROM as an MTD: struct mtd_info of type MTD_ROM. */
export interface MtdRom {
  /** Bus address of its first byte. */
  readonly address: number;
  /** Bytes. */
  readonly size: number;
  /** Returns `length` bytes at `offset`, or fewer if only zeros follow. Not to be written to. */
  read(offset: number, length: number): Uint8Array;
}

/** A node that a driver asks devtmpfs for. */
export interface DeviceNode {
  readonly name: string;
  /** Type and permissions. */
  readonly mode: number;
  readonly rdev: DeviceNumber;
}

/** The devices of a machine that special files can lead to. */
export interface Devices {
  /** The machine's page size. */
  readonly geometry: PageGeometry;
  /** Compare block/bdev.c:blkdev_get_no_open(). */
  blockDevice(dev: DeviceNumber): BlockDevice | undefined;
  /** The driver of a character device that the machine was given: cdev_map. */
  characterDevice(dev: DeviceNumber): FileOperations | undefined;
  /** Compare drivers/mtd/mtdcore.c:get_mtd_device(). */
  mtd(index: number): MtdRom | undefined;
  /** Nodes of all of them, and of memory: the content of devtmpfs. */
  nodes(): Iterable<DeviceNode>;
}

/** The devices of a file system that no machine has mounted. */
export const NO_DEVICES: Devices = {
  geometry: new PageGeometry(DEFAULT_PAGE_SIZE),
  blockDevice: () => undefined,
  characterDevice: () => undefined,
  mtd: () => undefined,
  nodes: () => [],
};
