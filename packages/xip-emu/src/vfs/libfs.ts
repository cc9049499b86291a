import { SyscallError } from '../errno.js';
import type { AddressSpaceOperations } from './address-space.js';
import type { FileOperations } from './file.js';
import type { BackingDevice } from './inode.js';

/** Nothing to read ahead from. mm/backing-dev.c:noop_backing_dev_info. */
export const NOOP_BDI: BackingDevice = { raPages: 0, ioPages: 0 };

const NO_BYTES = new Uint8Array(0);

/** Operations of files whose only store is the page cache: what was never written is zero. */
export const ramAops: AddressSpaceOperations = { readFolio: () => NO_BYTES };

/** fs/libfs.c:noop_fsync(). */
export function noopFsync(): void {
  return;
}

/** fs/libfs.c:generic_read_dir(). */
function genericReadDir(): never {
  throw new SyscallError('EISDIR');
}

/** Operations of a directory, which has no fsync. */
export const directoryOperations: FileOperations = { readIter: genericReadDir };

/** fs/libfs.c:simple_dir_operations, as far as it is emulated. */
export const simpleDirectoryOperations: FileOperations = {
  readIter: genericReadDir,
  fsync: noopFsync,
};
