import { isSyscallError } from '../../errno.js';
import type { BlockDevice } from '../../vfs/block-device.js';

// fs/cramfs/inode.c
const READ_BUFFERS = 2;
const BLKS_PER_BUF = 4;

/**
 * What reading from a block device leaves in RAM: pages in the device's page cache, four from each
 * place that neither of the two read buffers has. The bytes themselves are taken from the image.
 * Compare fs/cramfs/inode.c:cramfs_blkdev_read(). (The buffers are one for all mounts there.)
 */
export class BlkdevReader {
  readonly bdev: BlockDevice;
  /** buffer_blocknr. */
  private readonly firstPages: number[] = new Array<number>(READ_BUFFERS).fill(Infinity);
  private next = 0;

  constructor(bdev: BlockDevice) {
    this.bdev = bdev;
  }

  /** The kernel reads `length` bytes at `offset` of the device. */
  read(offset: number, length: number): void {
    if (length === 0) return;
    const { mapping, size } = this.bdev;
    const { size: pageSize } = mapping.geometry;
    const page = Math.floor(offset / pageSize);
    const end = BLKS_PER_BUF * pageSize;
    for (const first of this.firstPages) {
      if (page >= first && offset - first * pageSize + length <= end) return;
    }
    this.firstPages[this.next] = page;
    this.next = (this.next + 1) % READ_BUFFERS;
    const last = Math.min(page + BLKS_PER_BUF, Math.floor(size / pageSize));
    for (let at = page; at < last; at += 1) {
      try {
        mapping.read(at);
      } catch (error) {
        // Pages that cannot be read read as zeros.
        if (!isSyscallError(error)) throw error;
      }
    }
  }
}
