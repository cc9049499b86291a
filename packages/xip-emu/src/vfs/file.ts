import { SyscallError } from '../errno.js';
import type { Address, Pgoff } from '../units.js';
import type { AddressSpace } from './address-space.js';
import type { Inode } from './inode.js';
import type { Mount } from './mount.js';
import type { ResolvedPath } from './namei.js';
import type { Pipe } from './pipe.js';
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

// include/linux/fs.h: flags of remapFileRange().
/** Only where both ranges have the same bytes. */
export const REMAP_FILE_DEDUP = 1;
/** A partial block at the end that cannot be shared may be left out. */
export const REMAP_FILE_CAN_SHORTEN = 2;

// include/uapi/asm-generic/poll.h
export const POLLIN = 0x1;
export const POLLOUT = 0x4;
export const POLLERR = 0x8;
export const POLLHUP = 0x10;

/** Where lseek(2) counts from, or what it looks for: SEEK_SET and so on. */
export type Whence = 'set' | 'cur' | 'end' | 'data' | 'hole';

/** Pages of a file that are mapped. */
export interface MapRange {
  readonly pgoff: Pgoff;
  readonly pages: number;
  readonly writable: boolean;
  readonly mmu: boolean;
}

/** What the kernel's debug messages say about a map that is not wholly direct. */
export interface MapExplanation {
  /** The kernel's reason, such as `vma is writable`; undefined if pages are direct. */
  readonly bailout?: string | undefined;
  /** The last page is not direct, because it holds other data after the end of the file. */
  readonly lastPageShared: boolean;
}

/** struct file_operations. `mm/` and `nommu/` know files through this and nothing else. */
export interface FileOperations {
  /** Called with the new file; may set `privateData` and `fops`. @throws SyscallError. */
  open?(file: OpenFile): void;
  /** Called at each close of a descriptor. @throws SyscallError, which close(2) returns. */
  flush?(file: OpenFile): void;
  release?(file: OpenFile): void;
  /** Reads at `position` into `into`. @returns bytes read, 0 at the end. @throws SyscallError. */
  readIter?(file: OpenFile, position: number, into: Uint8Array): number;
  /**
   * True if the kernel itself cannot read the file, as f_op has both read and read_iter. Compare
   * fs/read_write.c:__kernel_read().
   */
  readonly refusesKernelRead?: boolean;
  /** True if the file has no positions: pread(2) and lseek(2) give ESPIPE. */
  readonly isStream?: boolean;
  /** @returns the new position, if that is not the usual one. @throws SyscallError. */
  llseek?(file: OpenFile, offset: number, whence: Whence): number;
  /**
   * The next data (or hole) at or after `offset`, which is inside the file. No hook: all is data.
   *
   * @throws SyscallError ENXIO.
   */
  seekHoleOrData?(file: OpenFile, offset: number, whence: 'data' | 'hole'): number;
  /** Allocates a range, or deallocates it. No hook: EOPNOTSUPP. @throws SyscallError. */
  fallocate?(file: OpenFile, mode: number, offset: number, length: number): void;
  /** What can be done without waiting, as POLL* bits. No hook: reading and writing. */
  poll?(file: OpenFile): number;
  /** @returns bytes written. @throws SyscallError. */
  writeIter?(file: OpenFile, position: number, from: Uint8Array): number;
  /** Puts pages of the file into a pipe. @returns bytes, 0 at the end. @throws SyscallError. */
  spliceRead?(file: OpenFile, position: number, pipe: Pipe, length: number): number;
  /** Takes bytes out of a pipe. No hook: EINVAL. @returns bytes. @throws SyscallError. */
  spliceWrite?(pipe: Pipe, file: OpenFile, position: number, length: number): number;
  /**
   * Writes back the pages that the bytes `start`..`end` (exclusive) are in, and whatever else the
   * file needs to last. No hook: EINVAL. @throws SyscallError.
   */
  fsync?(file: OpenFile, start: number, end: number): void;
  /**
   * Makes `length` bytes of `target` share the blocks of `source`, a file of the same file system
   * (0: up to its end). No hook: EOPNOTSUPP.
   *
   * @param flags REMAP_FILE_*.
   * @throws SyscallError; EBADE where REMAP_FILE_DEDUP finds other bytes.
   */
  remapFileRange?(
    source: OpenFile,
    sourceOffset: number,
    target: OpenFile,
    targetOffset: number,
    length: number,
    flags: number,
  ): void;
  /** Prepares a new area, with an MMU. Without this hook mmap is ENODEV. @throws SyscallError. */
  mmap?(file: OpenFile, vma: VmArea): void;
  /**
   * For the event log: why pages of a map are not where the file is stored. Without this hook
   * there is no reason.
   */
  explainMmap?(file: OpenFile, range: MapRange): MapExplanation;

  /** Without MMU: what mappings the file can have. No hook: derived from the inode's type. */
  mmapCapabilities?(file: OpenFile): NommuCapabilities;
  /**
   * Without MMU: the physical address of the pages, to be mapped in place.
   *
   * @throws SyscallError ENOSYS asks for a copy; other codes refuse the mapping.
   */
  getUnmappedArea?(file: OpenFile, pgoff: Pgoff, pages: number): Address;
  /** Without MMU: true if `mmap` accepts a direct mapping with these vm_flags (else ENOSYS). */
  nommuMmap?(file: OpenFile, vmFlags: number): boolean;
}

/** struct file: an open file description, shared by descriptors and mappings. */
export class OpenFile {
  /** The mount that the inode was found in; undefined for the kernel's own files. */
  readonly mount: Mount | undefined;
  /** The mount that `path` leads through; differs from `mount` in a backing file. */
  readonly userMount: Mount | undefined;
  readonly inode: Inode;
  /**
   * The inode that user space sees; differs from `inode` in the backing file of an overlay.
   * Compare include/linux/fs.h:file_user_inode().
   */
  readonly userInode: Inode;
  /** For a backing file: the file that it is open on behalf of, perhaps a backing file itself. */
  readonly user: OpenFile | undefined;
  readonly readable: boolean;
  readonly writable: boolean;
  /** O_APPEND: each write goes to the end of the file; fcntl(2) changes it. */
  append: boolean;
  /** O_NONBLOCK; fcntl(2) changes it. */
  nonBlock: boolean;
  /** O_TRUNC, which only a file system's `open` uses. */
  readonly truncates: boolean;
  /** O_EXCL, which only a block device's `open` uses. */
  readonly exclusive: boolean;
  /** The inode's, unless its `open` has chosen others, such as a device's driver's. */
  fops: FileOperations;
  /** f_pos: where read(2) and write(2) go on. */
  position = 0;
  /** The number of descriptors for the file: at 0 it is closed, though maps may keep it. */
  descriptors = 0;
  /** What the file system keeps for this open file: overlayfs, for one, its real file. */
  privateData: unknown = undefined;
  private refs = 1;
  private name: string;
  /** FMODE_WRITER: writes go to the file system. Compare fs/open.c:do_dentry_open(). */
  private readonly isWriter: boolean;
  private ownMapping: AddressSpace | undefined = undefined;
  /**
   * Mounts that cannot be removed while the file is open, and those of them that count it as a
   * writer.
   */
  private readonly mounts: readonly Mount[];
  private readonly writtenMounts: readonly Mount[];

  /** @throws SyscallError ETXTBSY, EROFS for writing. Compare fs/open.c:file_get_write_access(). */
  constructor(inode: Inode, path: string, options: OpenFileOptions = {}) {
    const { readable = true, writable = false, fops = inode.fops, mount, user } = options;
    this.inode = inode;
    this.userInode = user?.userInode ?? inode;
    this.user = user;
    this.name = path;
    this.mount = mount;
    this.userMount = user === undefined ? mount : user.userMount;
    this.readable = readable;
    this.writable = writable;
    this.append = options.append ?? false;
    this.nonBlock = options.nonBlock ?? false;
    this.truncates = options.truncates ?? false;
    this.exclusive = options.exclusive ?? false;
    this.fops = fops;
    this.mounts = distinct(mount, this.userMount);
    const countsOwn = user?.inode.sb.stacking.countsRealMount ?? true;
    this.writtenMounts = countsOwn ? this.mounts : distinct(this.userMount);
    this.isWriter = writable && !inode.isSpecial;
    if (this.isWriter) this.getWriteAccess();
    for (const used of this.mounts) used.files.add(this);
    inode.opens += 1;
  }

  private getWriteAccess(): void {
    const { inode, writtenMounts } = this;
    if (inode.writers < 0) throw new SyscallError('ETXTBSY');
    for (const [index, mount] of writtenMounts.entries()) {
      try {
        mount.getWriteAccess();
      } catch (error) {
        for (const taken of writtenMounts.slice(0, index)) taken.putWriteAccess();
        throw error;
      }
    }
    inode.writers += 1;
  }

  /**
   * Opens what a path leads to; the caller owns the reference. Compare fs/open.c:do_dentry_open().
   *
   * @throws SyscallError as the constructor, or what the file system throws.
   */
  static open(
    { inode, path, mount }: ResolvedPath,
    options: Omit<OpenFileOptions, 'mount'> = {},
  ): OpenFile {
    const file = new OpenFile(inode, path, { ...options, mount });
    try {
      file.fops.open?.(file);
    } catch (error) {
      file.drop();
      throw error;
    }
    return file;
  }

  /**
   * The absolute path as it is now, symlinks resolved: what /proc/PID/maps shows. A backing file
   * has its user's path. The path of a removed name ends in ` (deleted)`.
   */
  get path(): string {
    return this.user?.path ?? this.name;
  }

  /** The name now belongs to something else, or is gone. */
  renamed(path: string): void {
    this.name = path;
  }

  /**
   * f_mapping: the pages that reads, maps and faults of the file use. The inode's, unless `open`
   * gave the file a block device's.
   */
  get mapping(): AddressSpace | undefined {
    return this.ownMapping ?? this.inode.mapping;
  }

  set mapping(mapping: AddressSpace | undefined) {
    this.ownMapping = mapping;
  }

  get(): this {
    this.refs += 1;
    return this;
  }

  /** fput(). Compare fs/file_table.c:__fput(). */
  put(): void {
    this.refs -= 1;
    if (this.refs > 0) return;
    this.fops.release?.(this);
    this.drop();
  }

  /** Gives up what the file holds of inode and mounts. */
  private drop(): void {
    const { inode, mounts, writtenMounts } = this;
    for (const mount of mounts) mount.files.delete(this);
    if (this.isWriter) {
      inode.writers -= 1;
      for (const mount of writtenMounts) mount.putWriteAccess();
    }
    inode.opens -= 1;
    inode.evictIfUnused();
  }

  get refCount(): number {
    return this.refs;
  }
}

/** True if the file may not be executed. Compare fs/exec.c:path_noexec(). */
export function pathNoexec(file: OpenFile | undefined): boolean {
  return file?.mount?.noexec ?? false;
}

export interface OpenFileOptions {
  readonly readable?: boolean | undefined;
  readonly writable?: boolean | undefined;
  readonly append?: boolean | undefined;
  readonly nonBlock?: boolean | undefined;
  readonly truncates?: boolean | undefined;
  readonly exclusive?: boolean | undefined;
  readonly fops?: FileOperations | undefined;
  readonly mount?: Mount | undefined;
  /** Set in a backing file: the file on behalf of which it is open. */
  readonly user?: OpenFile | undefined;
}

function distinct(...mounts: readonly (Mount | undefined)[]): Mount[] {
  return [...new Set(mounts)].filter((mount) => mount !== undefined);
}
