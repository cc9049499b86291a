import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFMT, S_IFSOCK } from 'cramfs-format';
import { SyscallError } from '../errno.js';
import { blockDeviceOperations } from './block-fops.js';
import { MTD_CHAR_MAJOR, type DeviceNumber } from './device.js';
import { fifoOperations } from './fifo.js';
import type { FileOperations } from './file.js';
import { mtdCharOperations } from './mtdchar.js';
import { copySpliceRead, iterFileSpliceWrite } from './splice.js';
import { VM_SHARED } from './vm-area.js';

/** include/uapi/linux/major.h:MEM_MAJOR, and the minors of drivers/char/mem.c that need no hardware. */
export const MEM_MAJOR = 1;
export const NULL_MINOR = 3;
export const ZERO_MINOR = 5;
export const FULL_MINOR = 7;

/** Bytes of zero. Compare drivers/char/mem.c:read_iter_zero(). */
function readZeros(_file: unknown, _position: number, into: Uint8Array): number {
  into.fill(0);
  return into.length;
}

function writeAll(_file: unknown, _position: number, from: Uint8Array): number {
  return from.length;
}

/** Where drivers/char/mem.c:null_lseek() leaves every file. */
const nullLseek = (): number => 0;

const nullOperations: FileOperations = {
  readIter: () => 0,
  writeIter: writeAll,
  spliceWrite: iterFileSpliceWrite,
  llseek: nullLseek,
};

/**
 * /dev/zero is mapped like anonymous memory: a shared map has a file of its own, a private one the
 * device's. Without an MMU it would be copied, but the kernel cannot read it: EINVAL. Compare
 * drivers/char/mem.c:mmap_zero(), zero_mmap_capabilities().
 */
const zeroOperations: FileOperations = {
  readIter: readZeros,
  refusesKernelRead: true,
  writeIter: writeAll,
  spliceRead: copySpliceRead,
  spliceWrite: iterFileSpliceWrite,
  llseek: nullLseek,
  mmap(_file, vma) {
    if ((vma.flags & VM_SHARED) === 0) vma.ops = undefined;
    else vma.mm.shmemZeroSetup(vma);
  },
  mmapCapabilities: () => ({ copy: true, direct: false, read: false, write: false, exec: false }),
};

const fullOperations: FileOperations = {
  readIter: readZeros,
  writeIter() {
    throw new SyscallError('ENOSPC');
  },
  spliceRead: copySpliceRead,
  llseek: nullLseek,
};

/** The drivers of character devices: cdev_map. */
function chrdev({ major, minor }: DeviceNumber): FileOperations | undefined {
  if (major === MTD_CHAR_MAJOR) return mtdCharOperations;
  if (major !== MEM_MAJOR) return undefined;
  switch (minor) {
    case NULL_MINOR:
      return nullOperations;
    case ZERO_MINOR:
      return zeroOperations;
    case FULL_MINOR:
      return fullOperations;
    default:
      return undefined;
  }
}

/** fs/char_dev.c:def_chr_fops: the driver's operations take its place. Compare chrdev_open(). */
export const charDeviceOperations: FileOperations = {
  open(file) {
    const { rdev, sb } = file.inode;
    const driver = sb.devices.characterDevice(rdev) ?? chrdev(rdev);
    if (driver === undefined) throw new SyscallError('ENXIO', 'no driver has the device');
    file.fops = driver;
    driver.open?.(file);
  },
};

/** A socket has a name for connect(2) only. Compare fs/inode.c:no_open(). */
export const socketOperations: FileOperations = {
  open() {
    throw new SyscallError('ENXIO', 'a socket is not opened');
  },
};

/** The operations of an inode by its type. Compare fs/inode.c:init_special_inode(). */
export function specialOperations(
  mode: number,
  directory: FileOperations,
  regular: FileOperations,
): FileOperations {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return directory;
    case S_IFCHR:
      return charDeviceOperations;
    case S_IFBLK:
      return blockDeviceOperations;
    case S_IFIFO:
      return fifoOperations;
    case S_IFSOCK:
      return socketOperations;
    default:
      return regular;
  }
}
