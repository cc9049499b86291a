import { SyscallError } from './errno.js';
import type { KernelBuild } from './arch/kernel-build.js';
import { mmapfd, type MmapfdOptions, type MmapfdResult } from './exec/mmapfd/mmapfd.js';
import type { AccessFaultLike, Advice, MemoryMap, MmapRequest } from './memory-map.js';
import type { PhysicalMemory } from './phys/physical-memory.js';
import type { Trace } from './trace.js';
import { PAGE_SIZE, type Address } from './units.js';
import { link, mkdir, rename, rmdir, symlink, unlink } from './vfs/directory-operations.js';
import type { OpenFile } from './vfs/file.js';
import { FsStruct } from './vfs/fs-struct.js';
import type { Inode } from './vfs/inode.js';
import type { Kstat } from './vfs/kstat.js';
import type { MountTable } from './vfs/mount.js';
import { pathLookup } from './vfs/namei.js';
import { cloneFileRange, type CloneRange } from './vfs/remap-range.js';
import { openPath, truncateFile, truncatePath, type OpenOptions } from './vfs/open.js';
import { Pipe } from './vfs/pipe.js';
import { sendfile, splice, type FilePlace } from './vfs/splice.js';
import { verifyArea } from './vfs/verify-area.js';

export type { OpenOptions };

/** struct stat: see {@link Kstat}. */
export interface FileStatus extends Kstat {
  /** `nlink` by its older name here. */
  readonly links: number;
}

/** What {@link Process.mmap} can be told besides length and permissions. */
export interface MmapOptions {
  /** Hint, or with MAP_FIXED the place. */
  readonly address?: Address | undefined;
  /** The mapping takes a reference of its own: the file may be closed. */
  readonly file?: OpenFile | undefined;
  /** Bytes into the file; whole pages. */
  readonly offset?: number | undefined;
}

/** What a process needs of its machine. */
export interface ProcessHost {
  readonly phys: PhysicalMemory;
  readonly mounts: MountTable;
  readonly trace: Trace;
  readonly build: KernelBuild;
  exited(process: Process): void;
}

/**
 * A process: system calls and accesses to memory. System calls throw {@link SyscallError}, whose
 * `code` is the errno; accesses throw AccessFault, the signal. Paths are byte strings, addresses,
 * lengths and offsets bytes. Made by `Machine.spawn()` and `Machine.fork()`.
 */
export class Process {
  readonly pid: number;
  /** Its memory behind the calls: `Mm` with an MMU, `NommuMm` without. */
  readonly mm: MemoryMap;
  /** Its root and working directory. */
  readonly fs: FsStruct;
  private readonly host: ProcessHost;

  constructor(pid: number, mm: MemoryMap, host: ProcessHost, parent?: Process) {
    this.pid = pid;
    this.mm = mm;
    this.host = host;
    this.fs = new FsStruct(host.mounts, parent?.fs);
  }

  /** What the kernel was built for. */
  get build(): KernelBuild {
    return this.host.build;
  }

  /**
   * open(2). The caller owns the reference: {@link close}. Compare fs/namei.c:do_open().
   *
   * @throws SyscallError ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG; EISDIR, EROFS, ETXTBSY for writing;
   * EEXIST; EIO where the image is damaged.
   */
  open(path: string, options: OpenOptions = {}): OpenFile {
    return openPath(this.fs, path, options);
  }

  /** close(2): the file is closed also if that fails. @throws SyscallError. */
  close(file: OpenFile): void {
    try {
      file.fops.flush?.(file);
    } finally {
      file.put();
    }
  }

  /**
   * pread(2), through the page cache: also what is mapped from ROM is copied to RAM. Compare
   * mm/filemap.c:filemap_read().
   *
   * @returns bytes read; short at the end of the file.
   * @throws SyscallError EBADF, EINVAL, EISDIR, EIO if not even the first page can be read.
   */
  pread(file: OpenFile, position: number, into: Uint8Array): number {
    if (!file.readable) throw new SyscallError('EBADF');
    if (file.fops.readIter === undefined) throw new SyscallError('EINVAL');
    verifyArea(position, into.length);
    return file.fops.readIter(file, position, into);
  }

  /** pwrite(2). @returns bytes written. @throws SyscallError EBADF, EINVAL. */
  pwrite(file: OpenFile, position: number, from: Uint8Array): number {
    if (!file.writable) throw new SyscallError('EBADF');
    if (file.fops.writeIter === undefined) throw new SyscallError('EINVAL');
    verifyArea(position, from.length);
    return file.fops.writeIter(file, position, from);
  }

  /** truncate(2). @throws SyscallError EISDIR, EINVAL, EROFS, ETXTBSY and those of a lookup. */
  truncate(path: string, size: number): void {
    truncatePath(pathLookup(this.fs, path), size);
  }

  /** ftruncate(2). @throws SyscallError EINVAL. */
  ftruncate(file: OpenFile, size: number): void {
    truncateFile(file, size);
  }

  /** fsync(2). @throws SyscallError EINVAL for what cannot be synced; EIO. */
  fsync(file: OpenFile): void {
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
    cloneFileRange(source, target, range);
  }

  /** mkdir(2). @throws SyscallError EEXIST, EROFS, EPERM and those of a lookup. */
  mkdir(path: string, mode = 0o755): void {
    mkdir(this.fs, path, mode);
  }

  /** rmdir(2). @throws SyscallError EBUSY, ENOTDIR, ENOTEMPTY, EROFS, EPERM. */
  rmdir(path: string): void {
    rmdir(this.fs, path);
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

  /** rename(2). @throws SyscallError EXDEV, EBUSY, EINVAL, EISDIR, ENOTDIR, ENOTEMPTY, EROFS. */
  rename(from: string, to: string): void {
    rename(this.fs, from, to);
  }

  /** chdir(2). @throws SyscallError ENOENT, ENOTDIR. */
  chdir(path: string): void {
    this.fs.chdir(path);
  }

  /** chroot(2). The working directory stays, also outside. @throws SyscallError ENOENT, ENOTDIR. */
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

  /** fstat(2). */
  fstat(file: OpenFile): FileStatus {
    return statusOf(file.userInode);
  }

  /** pipe(2), both ends in one. It is the caller's: `close()` it. */
  pipe(): Pipe {
    return new Pipe(this.host.phys);
  }

  /**
   * splice(2): moves pages between a file and a pipe, or two pipes. What it reads of a file is in
   * the page cache afterwards, also of one that is mapped from ROM. Compare fs/splice.c:do_splice().
   *
   * @returns bytes; 0 at the end of the file.
   * @throws SyscallError EINVAL, EBADF; EAGAIN where a process would have to wait.
   */
  splice(from: Pipe | FilePlace, to: Pipe | FilePlace, length: number): number {
    return splice(from, to, length);
  }

  /**
   * sendfile(2), with a place in both files. Compare fs/splice.c:do_splice_direct().
   *
   * @returns bytes; short at the end of the file.
   * @throws SyscallError EINVAL, EBADF, and what reading and writing throw.
   */
  sendfile(from: FilePlace, to: FilePlace, length: number): number {
    return sendfile(this.host.phys, from, to, length);
  }

  /**
   * mmap(2). Compare mm/mmap.c:do_mmap(), mm/nommu.c:do_mmap().
   *
   * @param length bytes, rounded up to pages.
   * @param prot PROT_* bits.
   * @param flags MAP_* bits; MAP_ANONYMOUS unless there is a file.
   * @returns the address; without an MMU it need not be page aligned.
   * @throws SyscallError EACCES, EBADF, EEXIST, EINVAL, ENODEV, ENOMEM, EOVERFLOW, EPERM.
   */
  mmap(length: number, prot: number, flags: number, options: MmapOptions = {}): Address {
    const { address = 0, file, offset = 0 } = options;
    if (offset % PAGE_SIZE !== 0) throw new SyscallError('EINVAL', 'offset is not page aligned');
    const request: MmapRequest = { address, length, prot, flags, file, pgoff: offset / PAGE_SIZE };
    return this.mm.mmap(request);
  }

  /**
   * mmapfd(2) of Solaris, later mmapobj(2): maps a whole file, as it is or as its format says.
   *
   * @param flags MMFD_*.
   * @param elements how many mappings the caller has room to be told of.
   * @throws SyscallError as {@link mmapfd} does; E2BIG tells how many elements are needed.
   */
  mmapfd(
    file: OpenFile,
    flags: number,
    elements: number,
    options: MmapfdOptions = {},
  ): MmapfdResult[] {
    return mmapfd(this, file, flags, elements, options);
  }

  /** munmap(2): mm/mmap.c, mm/nommu.c:do_munmap(). @throws SyscallError EINVAL, ENOMEM. */
  munmap(address: Address, length: number): void {
    this.mm.munmap(address, length);
  }

  /** mprotect(2). @throws SyscallError EACCES, EINVAL, ENOMEM; ENOSYS without an MMU. */
  mprotect(address: Address, length: number, prot: number): void {
    this.mm.mprotect(address, length, prot);
  }

  /**
   * mremap(2); `mayMove` is MREMAP_MAYMOVE.
   *
   * @returns the new address.
   * @throws SyscallError EFAULT, EINVAL, ENOMEM, EPERM.
   */
  mremap(address: Address, oldLength: number, newLength: number, mayMove = false): Address {
    return this.mm.mremap(address, oldLength, newLength, mayMove);
  }

  /** madvise(2). @throws SyscallError EINVAL, ENOMEM, EFAULT; ENOSYS without an MMU. */
  madvise(address: Address, length: number, advice: Advice): void {
    this.mm.madvise(address, length, advice);
  }

  /** msync(2) with MS_SYNC. @throws SyscallError EINVAL, ENOMEM; ENOSYS without an MMU. */
  msync(address: Address, length: number): void {
    this.mm.msync(address, length);
  }

  /**
   * mincore(2).
   *
   * @returns 0 or 1 for each page.
   * @throws SyscallError EINVAL, ENOMEM; ENOSYS without an MMU.
   */
  mincore(address: Address, length: number): Uint8Array {
    return this.mm.mincore(address, length);
  }

  /**
   * brk(2), which never fails: what cannot be done leaves the end of the heap where it is.
   *
   * @param end 0 to ask.
   * @returns the end of the heap afterwards.
   */
  brk(end: Address): Address {
    return this.mm.brk(end);
  }

  /** One byte. @throws AccessFault SIGSEGV, SIGBUS. Compare mm/memory.c:handle_mm_fault(). */
  load(address: Address): number {
    return this.mm.load(address);
  }

  /** Loads bytes in order; a fault ends it. @returns how many, and the fault if there was one. */
  loadRange(address: Address, into: Uint8Array): { loaded: number; fault?: AccessFaultLike } {
    return this.mm.loadRange(address, into);
  }

  /** One byte, 0 to 255. @throws AccessFault SIGSEGV, SIGBUS. */
  store(address: Address, value: number): void {
    this.mm.store(address, value);
  }

  /** exit(2), as far as memory goes: mm/mmap.c:exit_mmap(). Open files stay the caller's. */
  exit(): void {
    this.mm.exit();
    this.fs.release();
    this.host.exited(this);
    this.host.trace.sink?.({ type: 'exit', pid: this.pid });
  }
}

function statusOf(inode: Inode): FileStatus {
  const status = inode.getattr();
  return { ...status, links: status.nlink };
}
