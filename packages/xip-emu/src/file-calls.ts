import { SyscallError } from './errno.js';
import type { DeviceNumber } from './vfs/device.js';
import { link, mkdir, mknod, rename, rmdir, symlink, unlink } from './vfs/directory-operations.js';
import type { OpenFile, Whence } from './vfs/file.js';
import { FilesStruct, checkOpen } from './vfs/files-struct.js';
import { FsStruct } from './vfs/fs-struct.js';
import type { DirectoryEntry, Inode } from './vfs/inode.js';
import type { Iattr, Kstat } from './vfs/kstat.js';
import type { MountTable } from './vfs/mount.js';
import { pathLookup, type ResolvedPath } from './vfs/namei.js';
import { openPath, truncateFile, truncatePath, type OpenOptions } from './vfs/open.js';
import {
  eachBuffer,
  fallocate,
  getdents,
  lseek,
  pread,
  pwrite,
  read,
  write,
} from './vfs/read-write.js';
import {
  cloneFileRange,
  dedupeFileRange,
  type CloneRange,
  type DedupeRange,
  type DedupeResult,
} from './vfs/remap-range.js';
import { setAttributes, setAttributesOf } from './vfs/setattr.js';

// include/uapi/asm-generic/fcntl.h, unistd.h: modes of access(2).
const W_OK = 2;
const X_OK = 1;

/** struct stat: see {@link Kstat}. */
export interface FileStatus extends Kstat {
  /** `nlink`, by an older name. */
  readonly links: number;
}

/**
 * The system calls of a process on files and names. They throw {@link SyscallError}, whose `code` is
 * the errno: EBADF for a closed file, EINVAL for numbers that are not integers. Paths are byte
 * strings, lengths and offsets bytes.
 */
export class FileCalls {
  /** Its root and working directory. */
  readonly fs: FsStruct;
  /** Its open files. */
  readonly files = new FilesStruct();

  constructor(mounts: MountTable, parent?: FileCalls) {
    this.fs = new FsStruct(mounts, parent?.fs);
  }

  /**
   * open(2). The file is the process's until {@link close} or {@link Process.exit}. Compare
   * fs/namei.c:do_open().
   *
   * @throws SyscallError ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG; EISDIR, EROFS, ETXTBSY for writing;
   * EEXIST, EINVAL; ENXIO for sockets and devices without a driver; EAGAIN if Linux would wait for
   * the other end of a FIFO; EIO if the image is damaged.
   */
  open(path: string, options: OpenOptions = {}): OpenFile {
    return this.files.install(openPath(this.fs, path, options));
  }

  /** close(2): the file is closed even if this fails. @throws SyscallError EBADF. */
  close(file: OpenFile): void {
    this.files.close(file);
  }

  /** dup(2): the same file, which has to be closed once more. @throws SyscallError EBADF. */
  dup(file: OpenFile): OpenFile {
    return this.files.dup(file);
  }

  /** dup2(2): `replaced` is closed, and `file` takes its place. @throws SyscallError EBADF. */
  dup2(file: OpenFile, replaced: OpenFile): OpenFile {
    checkOpen(file);
    if (file === replaced) return file;
    const copy = this.files.dup(file);
    this.files.close(replaced);
    return copy;
  }

  /** read(2), from the file's position on. @returns bytes; 0 at the end. @throws SyscallError. */
  read(file: OpenFile, into: Uint8Array): number {
    return read(file, into);
  }

  /** write(2), at the file's position, or with O_APPEND at its end. @returns bytes written. */
  write(file: OpenFile, from: Uint8Array): number {
    return write(file, from);
  }

  /**
   * pread(2), through the page cache: what it reads is copied to RAM, even if it is mapped from
   * ROM. Compare mm/filemap.c:filemap_read().
   *
   * @returns bytes read; short at the end of the file.
   * @throws SyscallError EBADF, EINVAL, EISDIR, ESPIPE, EIO if not even the first page can be read.
   */
  pread(file: OpenFile, position: number, into: Uint8Array): number {
    return pread(file, position, into);
  }

  /** pwrite(2). @returns bytes written. @throws SyscallError EBADF, EINVAL, ESPIPE, ENOSPC. */
  pwrite(file: OpenFile, position: number, from: Uint8Array): number {
    return pwrite(file, position, from);
  }

  /** readv(2). @returns bytes read into all buffers. @throws SyscallError as read. */
  readv(file: OpenFile, into: readonly Uint8Array[]): number {
    checkOpen(file);
    return eachBuffer(into, (buffer) => read(file, buffer));
  }

  /** writev(2). @returns bytes written of all buffers. @throws SyscallError as write. */
  writev(file: OpenFile, from: readonly Uint8Array[]): number {
    checkOpen(file);
    return eachBuffer(from, (buffer) => write(file, buffer));
  }

  /** preadv(2). @returns bytes. @throws SyscallError as pread. */
  preadv(file: OpenFile, position: number, into: readonly Uint8Array[]): number {
    checkOpen(file);
    return eachBuffer(into, (buffer, done) => pread(file, position + done, buffer));
  }

  /** pwritev(2). @returns bytes. @throws SyscallError as pwrite. */
  pwritev(file: OpenFile, position: number, from: readonly Uint8Array[]): number {
    checkOpen(file);
    return eachBuffer(from, (buffer, done) => pwrite(file, position + done, buffer));
  }

  /**
   * lseek(2). In a directory it goes to a position that getdents() gave, as seekdir(3) does.
   *
   * @returns the new position.
   * @throws SyscallError EBADF, EINVAL, ESPIPE; ENXIO for `data` and `hole` past the end.
   */
  lseek(file: OpenFile, offset: number, whence: Whence = 'set'): number {
    return lseek(file, offset, whence);
  }

  /**
   * getdents(2): entries of a directory from its position on, which moves past them.
   *
   * @param limit entries at most; default all.
   * @returns none at the end.
   * @throws SyscallError EBADF, ENOTDIR; ENOENT for a directory that was removed; EIO.
   */
  getdents(file: OpenFile, limit = Infinity): readonly DirectoryEntry[] {
    return getdents(file, limit);
  }

  /** truncate(2). @throws SyscallError EISDIR, EINVAL, EROFS, ETXTBSY and those of a lookup. */
  truncate(path: string, size: number): void {
    if (!Number.isInteger(size) || size < 0) throw new SyscallError('EINVAL');
    truncatePath(pathLookup(this.fs, path), size);
  }

  /** ftruncate(2). @throws SyscallError EBADF, EINVAL. */
  ftruncate(file: OpenFile, size: number): void {
    if (!Number.isInteger(size) || size < 0) throw new SyscallError('EINVAL');
    checkOpen(file);
    truncateFile(file, size);
  }

  /**
   * fallocate(2).
   *
   * @param mode FALLOC_FL_*.
   * @throws SyscallError EBADF, EINVAL, EOPNOTSUPP, EFBIG, ENODEV, ESPIPE, ENOSPC.
   */
  fallocate(file: OpenFile, mode: number, offset: number, length: number): void {
    fallocate(file, mode, offset, length);
  }

  /** fsync(2). @throws SyscallError EBADF; EINVAL for what cannot be synced; EIO. */
  fsync(file: OpenFile): void {
    checkOpen(file);
    if (file.fops.fsync === undefined) throw new SyscallError('EINVAL');
    file.fops.fsync(file, 0, Infinity);
  }

  /**
   * ioctl(FICLONE) on `target`: it shares the blocks of `source` from now on, until somebody
   * writes. With a range FICLONERANGE. Compare fs/remap_range.c:vfs_clone_file_range().
   *
   * @throws SyscallError EBADF, EINVAL, EISDIR, EOPNOTSUPP, EXDEV.
   */
  ficlone(source: OpenFile, target: OpenFile, range: CloneRange = {}): void {
    checkOpen(source);
    checkOpen(target);
    cloneFileRange(source, target, range);
  }

  /**
   * ioctl(FIDEDUPERANGE) on `source`: where a range of `target` has the same bytes it shares the
   * blocks. Compare fs/remap_range.c:vfs_dedupe_file_range().
   *
   * @throws SyscallError EBADF, EINVAL, EISDIR, EOPNOTSUPP, EXDEV.
   */
  fideduperange(source: OpenFile, target: OpenFile, range: DedupeRange): DedupeResult {
    checkOpen(source);
    checkOpen(target);
    return dedupeFileRange(source, target, range);
  }

  /** mkdir(2). @throws SyscallError EEXIST, EROFS, EPERM and those of a lookup. */
  mkdir(path: string, mode = 0o755): void {
    mkdir(this.fs, path, mode);
  }

  /** rmdir(2). @throws SyscallError EBUSY, ENOTDIR, ENOTEMPTY, EROFS, EPERM. */
  rmdir(path: string): void {
    rmdir(this.fs, path);
  }

  /**
   * mknod(2).
   *
   * @param mode type and permissions.
   * @param rdev of a device node.
   * @throws SyscallError EEXIST, EROFS, EPERM, EINVAL.
   */
  mknod(path: string, mode: number, rdev?: DeviceNumber): void {
    mknod(this.fs, path, mode, rdev);
  }

  /** link(2): another name for a file. @throws SyscallError EEXIST, EXDEV, EPERM, EROFS. */
  link(existing: string, path: string): void {
    link(this.fs, existing, path);
  }

  /** symlink(2). @throws SyscallError EEXIST, EROFS, EPERM. */
  symlink(target: string, path: string): void {
    symlink(this.fs, target, path);
  }

  /** readlink(2). @returns the target, a byte string. @throws SyscallError EINVAL, ENOENT. */
  readlink(path: string): string {
    const { inode } = pathLookup(this.fs, path, { follow: false });
    if (!inode.isSymlink) throw new SyscallError('EINVAL');
    return inode.readlink();
  }

  /** unlink(2): open files and maps keep the content. @throws SyscallError EISDIR, EROFS, EPERM. */
  unlink(path: string): void {
    unlink(this.fs, path);
  }

  /**
   * rename(2), with flags renameat2(2).
   *
   * @param flags RENAME_NOREPLACE, RENAME_EXCHANGE.
   * @throws SyscallError EXDEV, EBUSY, EINVAL, EISDIR, ENOTDIR, ENOTEMPTY, EEXIST, EROFS.
   */
  rename(from: string, to: string, flags = 0): void {
    rename(this.fs, from, to, flags);
  }

  /**
   * Where a path leads: kern_path().
   *
   * @param follow a symlink as the last component is followed; default: true.
   * @throws SyscallError ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG.
   */
  lookup(path: string, follow = true): ResolvedPath {
    return pathLookup(this.fs, path, { follow });
  }

  /**
   * access(2) as root, who may execute whatever anybody may.
   *
   * @param mode R_OK 4, W_OK 2, X_OK 1.
   * @throws SyscallError EACCES, EROFS and those of a lookup. Compare fs/open.c:do_faccessat().
   */
  access(path: string, mode: number, follow = true): void {
    const { inode, mount } = pathLookup(this.fs, path, { follow });
    if ((mode & X_OK) !== 0 && inode.isRegular) {
      if (mount.noexec || (inode.mode & 0o111) === 0) throw new SyscallError('EACCES');
    }
    if ((mode & W_OK) !== 0 && !inode.isSpecial && mount.readOnly) throw new SyscallError('EROFS');
  }

  /** chmod(2), chown(2) and utimensat(2) in one call; on a symlink itself if `follow` is false. */
  setattr(path: string, attributes: Iattr, follow = true): void {
    setAttributes(pathLookup(this.fs, path, { follow }), attributes);
  }

  /** chdir(2). @throws SyscallError ENOENT, ENOTDIR. */
  chdir(path: string): void {
    this.fs.chdir(path);
  }

  /**
   * chroot(2). The working directory stays, even if it is outside. @throws SyscallError ENOENT,
   * ENOTDIR.
   */
  chroot(path: string): void {
    this.fs.chroot(path);
  }

  /** stat(2). */
  stat(path: string): FileStatus {
    return statusOf(pathLookup(this.fs, path).inode);
  }

  /** lstat(2): of a symlink itself. */
  lstat(path: string): FileStatus {
    return statusOf(pathLookup(this.fs, path, { follow: false }).inode);
  }

  /** fstat(2). @throws SyscallError EBADF. */
  fstat(file: OpenFile): FileStatus {
    checkOpen(file);
    return statusOf(file.userInode);
  }

  /** chmod(2). @param mode permissions. @throws SyscallError EROFS, EPERM. */
  chmod(path: string, mode: number): void {
    setAttributes(pathLookup(this.fs, path), { mode });
  }

  /** chown(2); -1 leaves an owner as it is. @throws SyscallError EROFS, EPERM. */
  chown(path: string, uid: number, gid: number): void {
    setAttributes(pathLookup(this.fs, path), {
      uid: uid === -1 ? undefined : uid,
      gid: gid === -1 ? undefined : gid,
    });
  }

  /** utimensat(2): seconds of the machine's clock. @throws SyscallError EROFS, EPERM. */
  utimens(path: string, times: Pick<Iattr, 'atime' | 'mtime'>): void {
    setAttributes(pathLookup(this.fs, path), times);
  }

  /** fchmod(2), fchown(2), futimens(3). @throws SyscallError EBADF, EROFS, EPERM. */
  fsetattr(file: OpenFile, attributes: Iattr): void {
    checkOpen(file);
    setAttributesOf(file, attributes);
  }
}

function statusOf(inode: Inode): FileStatus {
  const status = inode.getattr();
  return { ...status, links: status.nlink };
}
