import { SyscallError } from './errno.js';
import type { AccessFaultLike, Advice, MemoryMap, MmapRequest } from './memory-map.js';
import { PAGE_SIZE, type Address } from './units.js';
import { OpenFile } from './vfs/file.js';
import type { MountTable } from './vfs/mount.js';
import { pathLookup } from './vfs/namei.js';

export interface OpenOptions {
  /** O_RDWR instead of O_RDONLY. */
  readonly write?: boolean | undefined;
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
  readonly mounts: MountTable;
  readonly processes: Set<Process>;
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
  private readonly host: ProcessHost;

  constructor(pid: number, mm: MemoryMap, host: ProcessHost) {
    this.pid = pid;
    this.mm = mm;
    this.host = host;
  }

  /**
   * open(2) of an absolute path. The caller owns the reference: {@link close}. Compare
   * fs/open.c:do_dentry_open().
   *
   * @throws SyscallError ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG; EISDIR, EROFS, ETXTBSY for writing;
   * EIO where the image is damaged.
   */
  open(path: string, { write = false }: OpenOptions = {}): OpenFile {
    const { inode, path: resolved } = pathLookup(this.host.mounts, path);
    if (write) {
      if (inode.isDirectory) throw new SyscallError('EISDIR');
      if (inode.sb.readOnly) throw new SyscallError('EROFS');
      if (inode.writers < 0) throw new SyscallError('ETXTBSY');
    }
    const file = new OpenFile(inode, resolved, { writable: write });
    try {
      file.fops.open?.(file);
    } catch (error) {
      file.put();
      throw error;
    }
    return file;
  }

  /** close(2). */
  close(file: OpenFile): void {
    file.put();
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
    return file.fops.readIter(file, position, into);
  }

  /** pwrite(2). @returns bytes written. @throws SyscallError EBADF, EINVAL. */
  pwrite(file: OpenFile, position: number, from: Uint8Array): number {
    if (!file.writable) throw new SyscallError('EBADF');
    if (file.fops.writeIter === undefined) throw new SyscallError('EINVAL');
    return file.fops.writeIter(file, position, from);
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
    this.host.processes.delete(this);
  }
}
