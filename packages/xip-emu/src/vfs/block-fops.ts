import { SyscallError } from '../errno.js';
import { bdevOf, type BlockDevice } from './block-device.js';
import type { FileOperations, OpenFile, Whence } from './file.js';
import { filemapRead, genericFileReadonlyMmap } from './filemap.js';
import { SECTOR_SIZE } from './inode.js';
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from './read-write.js';
import { filemapSpliceRead, iterFileSpliceWrite } from './splice.js';

/** file_bdev(): found by the page cache, since the file's inode is only the node's. */
function deviceOf(file: OpenFile): BlockDevice {
  return bdevOf(file.mapping!.host);
}

/**
 * The devices here are read-only, which open(2) does not check. Compare block/fops.c:
 * blkdev_write_iter().
 */
function refuseWrite(): never {
  throw new SyscallError('EPERM', 'the block device is read-only');
}

/** Knows neither SEEK_DATA nor SEEK_HOLE. Compare fs/read_write.c:fixed_size_llseek(). @throws SyscallError EINVAL. */
export function fixedSizeLlseek(
  position: number,
  size: number,
  offset: number,
  whence: Whence,
): number {
  if (whence === 'data' || whence === 'hole') throw new SyscallError('EINVAL');
  const base = whence === 'set' ? 0 : whence === 'cur' ? position : size;
  const at = base + offset;
  if (at < 0 || at > size) throw new SyscallError('EINVAL', 'outside of the device');
  return at;
}

/** block/fops.c:def_blk_fops, of devices that are read-only. */
export const blockDeviceOperations: FileOperations = {
  /** Compare block/fops.c:blkdev_open(). @throws SyscallError ENXIO, EBUSY. */
  open(file) {
    const { rdev, sb } = file.inode;
    const device = sb.devices.blockDevice(rdev);
    if (device === undefined) throw new SyscallError('ENXIO', 'no driver has the device');
    const holder = file.exclusive ? file : undefined;
    device.open(holder);
    file.privateData = holder;
    file.mapping = device.mapping;
  },
  release(file) {
    deviceOf(file).release(file.privateData);
  },
  llseek: (file, offset, whence) =>
    fixedSizeLlseek(file.position, deviceOf(file).size, offset, whence),
  readIter: filemapRead,
  writeIter: refuseWrite,
  mmap: genericFileReadonlyMmap,
  /** Nothing is dirty. Compare block/fops.c:blkdev_fsync(). */
  fsync: () => undefined,
  spliceRead: filemapSpliceRead,
  spliceWrite: iterFileSpliceWrite,
  /** Compare block/fops.c:blkdev_fallocate(). */
  fallocate(file, mode, offset, length) {
    const { size } = deviceOf(file);
    const end = offset + length;
    if (offset >= size || (end > size && (mode & FALLOC_FL_KEEP_SIZE) === 0)) {
      throw new SyscallError('EINVAL', 'outside of the device');
    }
    if (offset % SECTOR_SIZE !== 0 || (Math.min(end, size) - offset) % SECTOR_SIZE !== 0) {
      throw new SyscallError('EINVAL', 'not whole sectors');
    }
    if (mode !== (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)) throw new SyscallError('EOPNOTSUPP');
    refuseWrite();
  },
};
