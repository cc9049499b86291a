import type { DeviceNumber } from '../../vfs/device.js';
import type { OpenFile } from '../../vfs/file.js';

/* The messages between the kernel and the server of a FUSE file system: include/uapi/linux/fuse.h. */

export const FUSE_ROOT_ID = 1;

// Flags of an answer to OPEN.
/** Reads and writes go to the server, past the page cache. */
export const FOPEN_DIRECT_IO = 1 << 0;
/** The page cache is still valid. */
export const FOPEN_KEEP_CACHE = 1 << 1;
/** No FLUSH at close. */
export const FOPEN_NOFLUSH = 1 << 5;
export const FOPEN_PARALLEL_DIRECT_WRITES = 1 << 6;
/** Reads, writes and maps go to a backing file, past the server. */
export const FOPEN_PASSTHROUGH = 1 << 7;

/** The server's number for a file or directory. */
export type NodeId = number;
/** The server's number for an open file. */
export type FileHandle = number;

/** struct fuse_attr. */
export interface FuseAttributes {
  /** Type and permissions. */
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  /** Default 1. */
  readonly links?: number | undefined;
  /** Default: the node's number. */
  readonly ino?: number | undefined;
  /** Device number of a device node. */
  readonly rdev?: DeviceNumber | undefined;
}

/** struct fuse_entry_out. Valid for one lookup: timeouts are 0. */
export interface FuseEntry {
  readonly nodeId: NodeId;
  readonly attributes: FuseAttributes;
}

/** struct fuse_open_out. */
export interface FuseOpened {
  /** Default 0. */
  readonly handle?: FileHandle | undefined;
  /** FOPEN_* bits; default 0. */
  readonly flags?: number | undefined;
  /** With FOPEN_PASSTHROUGH: what {@link FuseDevice.backingOpen} gave. */
  readonly backingId?: number | undefined;
}

/** struct fuse_init_out, as far as it is emulated: read-ahead and the writeback cache are off. */
export interface FuseInit {
  /** FUSE_PASSTHROUGH; needs a stack depth. */
  readonly passthrough?: boolean | undefined;
  /**
   * 1: backing files are on file systems that are not stacked, and this one may be a layer of
   * another; 2: backing files may be on one that is, such as an overlay.
   */
  readonly maxStackDepth?: number | undefined;
  /** FUSE_DIRECT_IO_ALLOW_MMAP: shared maps of files with FOPEN_DIRECT_IO. */
  readonly directIoAllowMmap?: boolean | undefined;
}

/** /dev/fuse, as the server sees it. */
export interface FuseDevice {
  /**
   * ioctl(FUSE_DEV_IOC_BACKING_OPEN): registers an open file of the server as one that files can
   * be passed through to. The server may close it.
   *
   * @returns the backing id.
   * @throws SyscallError EPERM without FUSE_PASSTHROUGH, EISDIR, EINVAL for no regular file, ELOOP
   * if its file system is stacked too deep.
   */
  backingOpen(file: OpenFile): number;
  /** ioctl(FUSE_DEV_IOC_BACKING_CLOSE). Open files stay open. @throws SyscallError ENOENT. */
  backingClose(backingId: number): void;
}

/**
 * A user-space file system: a handler for each request. Handlers throw SyscallError for an error;
 * one that is not there answers ENOSYS. Names, targets and bytes as the kernel has them.
 */
export interface FuseServer {
  /** INIT, at mount. */
  init?(device: FuseDevice): FuseInit;
  /** DESTROY, at the last umount. */
  destroy?(): void;
  /** @throws SyscallError ENOENT. */
  lookup?(parent: NodeId, name: string): FuseEntry;
  getattr?(node: NodeId): FuseAttributes;
  /** SETATTR of the size, for truncate(2). */
  setattr?(node: NodeId, size: number): FuseAttributes;
  readlink?(node: NodeId): string;
  /** A regular or special file; `rdev` is a device node's. */
  mknod?(parent: NodeId, name: string, mode: number, rdev: DeviceNumber): FuseEntry;
  mkdir?(parent: NodeId, name: string, mode: number): FuseEntry;
  symlink?(parent: NodeId, name: string, target: string): FuseEntry;
  link?(parent: NodeId, name: string, existing: NodeId): FuseEntry;
  unlink?(parent: NodeId, name: string): void;
  rmdir?(parent: NodeId, name: string): void;
  rename?(parent: NodeId, name: string, newParent: NodeId, newName: string): void;
  /** Without it all files are open with handle 0 and keep their pages; nothing is released. */
  open?(node: NodeId, access: { readonly write: boolean }): FuseOpened;
  /** @returns at most `size` bytes; fewer are the end of the file. */
  read?(node: NodeId, handle: FileHandle, offset: number, size: number): Uint8Array;
  /** @returns how many bytes were written. */
  write?(node: NodeId, handle: FileHandle, offset: number, bytes: Uint8Array): number;
  /** Called at each close(2). */
  flush?(node: NodeId, handle: FileHandle): void;
  fsync?(node: NodeId, handle: FileHandle): void;
  /** Called after the last close(2) and munmap(2); maps of a backing file do not count. */
  release?(node: NodeId, handle: FileHandle): void;
}

/** Requests by name. */
export type FuseRequest = Exclude<keyof FuseServer, 'init'>;
