import { SyscallError, invariant } from '../errno.js';
import { fixedSizeLlseek } from './block-fops.js';
import type { MtdRom } from './device.js';
import type { FileOperations, OpenFile } from './file.js';
import { VM_SHARED } from './vm-area.js';

/** What open(2) has found: struct mtd_file_info. */
class MtdFileInfo {
  readonly mtd: MtdRom;

  constructor(mtd: MtdRom) {
    this.mtd = mtd;
  }
}

function mtdOf({ privateData }: OpenFile): MtdRom {
  invariant(privateData instanceof MtdFileInfo, 'an open MTD without its device');
  return privateData.mtd;
}

/**
 * drivers/mtd/mtdchar.c:mtd_fops, for ROMs. The bytes come from the device each time, past the page
 * cache. With an MMU nothing can be mapped; without one the ROM itself can, but only shared.
 */
export const mtdCharOperations: FileOperations = {
  /** Compare mtdchar_open(). @throws SyscallError EACCES, ENODEV. */
  open(file) {
    const { minor } = file.inode.rdev;
    const isReadOnlyNode = minor % 2 === 1;
    if (file.writable && isReadOnlyNode) throw new SyscallError('EACCES', 'a read-only node');
    const mtd = file.inode.sb.devices.mtd(Math.floor(minor / 2));
    if (mtd === undefined) throw new SyscallError('ENODEV', 'no such MTD');
    if (file.writable) throw new SyscallError('EACCES', 'the MTD is a ROM');
    file.privateData = new MtdFileInfo(mtd);
  },
  llseek: (file, offset, whence) =>
    fixedSizeLlseek(file.position, mtdOf(file).size, offset, whence),
  /** Compare mtdchar_read(). */
  readIter(file, position, into) {
    const mtd = mtdOf(file);
    const length = Math.max(0, Math.min(into.length, mtd.size - position));
    const stored = mtd.read(position, length);
    into.fill(0, stored.length, length);
    into.set(stored);
    return length;
  },
  refusesKernelRead: true,
  mmap() {
    throw new SyscallError('ENODEV', 'an MTD is not mapped where there is an MMU');
  },
  /** Compare drivers/mtd/mtdcore.c:mtd_mmap_capabilities(). */
  mmapCapabilities: () => ({ copy: true, direct: true, read: true, write: false, exec: true }),
  /** Compare mtdchar_get_unmapped_area(). @throws SyscallError EINVAL. */
  getUnmappedArea(file, pgoff, pages) {
    const { address, size } = mtdOf(file);
    const { size: pageSize } = file.inode.sb.geometry;
    const offset = pgoff * pageSize;
    if (offset + pages * pageSize > size) throw new SyscallError('EINVAL', 'outside of the MTD');
    return address + offset;
  },
  /** Compare mtdchar_mmap(). @throws SyscallError EACCES for a private mapping. */
  nommuMmap(_file, vmFlags) {
    if ((vmFlags & VM_SHARED) === 0) throw new SyscallError('EACCES', 'an MTD is mapped shared');
    return true;
  },
};
