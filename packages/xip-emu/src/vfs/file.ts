import type { Address, Pgoff } from '../units.js';
import type { AddressSpace } from './address-space.js';
import type { Inode } from './inode.js';
import type { VmArea } from './vm-area.js';

// include/linux/fs.h: what mapping a file without MMU can do.
export const NOMMU_MAP_COPY = 0x1;
export const NOMMU_MAP_DIRECT = 0x8;
export const NOMMU_MAP_READ = 0x1;
export const NOMMU_MAP_WRITE = 0x2;
export const NOMMU_MAP_EXEC = 0x4;

/**
 * What a no-MMU kernel may do with a file; Linux packs it into one word whose DIRECT, READ and so
 * on come from VM_MAYSHARE, VM_MAYREAD...; here each has a name.
 */
export interface NommuCapabilities {
  readonly copy: boolean;
  readonly direct: boolean;
  readonly read: boolean;
  readonly write: boolean;
  readonly exec: boolean;
}

/** struct file_operations. `mm/` and `nommu/` know files through this and nothing else. */
export interface FileOperations {
  /** Called with the new file; may set `privateData`. @throws SyscallError. */
  open?(file: OpenFile): void;
  release?(file: OpenFile): void;
  /** Reads at `position` into `into`. @returns bytes read, 0 at the end. @throws SyscallError. */
  readIter?(file: OpenFile, position: number, into: Uint8Array): number;
  /** @returns bytes written. @throws SyscallError. */
  writeIter?(file: OpenFile, position: number, from: Uint8Array): number;
  /** With an MMU: prepares a new area. No hook: ENODEV. @throws SyscallError. */
  mmap?(file: OpenFile, vma: VmArea): void;

  /** Without MMU: what mappings the file can have. No hook: derived from the inode's type. */
  mmapCapabilities?(file: OpenFile): NommuCapabilities;
  /**
   * Without MMU: the physical address of the pages, to be mapped where they are.
   *
   * @throws SyscallError ENOSYS to ask for a copy; other codes refuse the mapping.
   */
  getUnmappedArea?(file: OpenFile, pgoff: Pgoff, pages: number): Address;
  /** Without MMU: true if `mmap` accepts a direct mapping with these vm_flags (else ENOSYS). */
  nommuMmap?(file: OpenFile, vmFlags: number): boolean;
}

/** struct file: an open file description, shared by descriptors and mappings. */
export class OpenFile {
  /** Absolute path as opened, symlinks resolved: what /proc/PID/maps shows. */
  readonly path: string;
  readonly inode: Inode;
  /**
   * The inode that user space sees: another one than `inode` in the backing file of an overlay.
   * Compare include/linux/fs.h:file_user_inode().
   */
  readonly userInode: Inode;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly fops: FileOperations;
  /** What the file system keeps for this open file, such as overlayfs its real file. */
  privateData: unknown = undefined;
  private refs = 1;

  constructor(
    inode: Inode,
    path: string,
    { readable = true, writable = false, fops = inode.fops, user }: OpenFileOptions = {},
  ) {
    this.inode = inode;
    this.userInode = user?.userInode ?? inode;
    this.path = path;
    this.readable = readable;
    this.writable = writable;
    this.fops = fops;
    if (writable) inode.writers += 1;
  }

  /** f_mapping. */
  get mapping(): AddressSpace | undefined {
    return this.inode.mapping;
  }

  get(): this {
    this.refs += 1;
    return this;
  }

  /** fput(). */
  put(): void {
    this.refs -= 1;
    if (this.refs > 0) return;
    if (this.writable) this.inode.writers -= 1;
    this.fops.release?.(this);
  }

  get refCount(): number {
    return this.refs;
  }
}

export interface OpenFileOptions {
  readonly readable?: boolean | undefined;
  readonly writable?: boolean | undefined;
  readonly fops?: FileOperations | undefined;
  /** Set in a backing file: the file on behalf of which it is open. */
  readonly user?: OpenFile | undefined;
}
