import {
  CRAMFS_FLAG_FSID_VERSION_2,
  CRAMFS_FLAG_HOLES,
  CRAMFS_SUPPORTED_FLAGS,
  alignUp,
} from 'cramfs-format';
import { LINUX_INODES, type Dialect, type ExtentInode, type Probe } from './dialect.js';
import { EXTENT_ALIGNMENT, stickyFiles } from './sticky-files.js';

const CAPABILITIES = 0x4;
const XATTR = 0x800;
/** Starts the metadata that follow the file system. */
const TRAILER = [0x34, 0x58, 0x34, 0x4d];

/**
 * ASXipFS of Azure Sphere (2018): every file is sticky and stored as linear XIP does, a symlink's
 * target is plain text that a NUL ends, and metadata follow the file system.
 */
export const ASXIPFS: Dialect = {
  name: 'asxipfs',
  title: 'ASXipFS (Azure Sphere)',
  linux: 'misreads',
  inodes: LINUX_INODES,
  extent,
  // Compare asxipfs_mmap() and asxipfs_fault().
  kernel: {
    title: 'Linux of Azure Sphere',
    flags: CRAMFS_SUPPORTED_FLAGS & ~CRAMFS_FLAG_HOLES,
    writable: 'copy on write',
    mapped: 'on demand',
  },
  nulTerminatedTargets: true,
  matches: (probe) => {
    const { extents, others, plain } = stickyFiles(probe);
    if (others > 0 || plain > 0) return false;
    if (hasTrailer(probe)) return true;
    return extents > 0 && (probe.superblock.flags & (CAPABILITIES | XATTR)) !== 0;
  },
};

/** Files start at the next page boundary; targets do, or at once, as versions of the driver differ. */
function extent(bytes: Uint8Array, { type, dataOffset, size }: ExtentInode): number | undefined {
  if ((type !== 'file' && type !== 'symlink') || size === 0 || dataOffset === 0) return undefined;
  return type === 'symlink' && bytes[dataOffset] !== 0
    ? dataOffset
    : alignUp(dataOffset, EXTENT_ALIGNMENT);
}

function hasTrailer({ bytes, superblock: { flags, size } }: Probe): boolean {
  if ((flags & CRAMFS_FLAG_FSID_VERSION_2) === 0) return false;
  return TRAILER.every((byte, index) => bytes[size + index] === byte);
}
