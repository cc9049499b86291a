import { AccessFault, SyscallError } from './errno.js';
import type { KernelBuild } from './arch/kernel-build.js';
import { FileCalls, type FileStatus } from './file-calls.js';
import {
  MAP_ANONYMOUS,
  type AccessFaultLike,
  type Advice,
  type MemoryMap,
  type MmapRequest,
} from './memory-map.js';
import type { PhysicalMemory } from './phys/physical-memory.js';
import type { Trace } from './trace.js';
import type { Address, PageGeometry } from './units.js';
import type { OpenFile } from './vfs/file.js';
import { checkOpen } from './vfs/files-struct.js';
import type { MountTable } from './vfs/mount.js';
import type { OpenOptions } from './vfs/open.js';
import { Pipe } from './vfs/pipe.js';
import { sendfile, splice, type FilePlace } from './vfs/splice.js';

export type { FileStatus, OpenOptions };

/** Further arguments of {@link Process.mmap}. */
export interface MmapOptions {
  /** Hint, or with MAP_FIXED the place. */
  readonly address?: Address | undefined;
  /** The mapping takes a reference of its own: the file may be closed. */
  readonly file?: OpenFile | undefined;
  /** Bytes into the file; whole pages. */
  readonly offset?: number | undefined;
}

export interface ExitOptions {
  /** Default: true. */
  readonly closeFiles?: boolean | undefined;
}

/** What a process needs from its machine. */
export interface ProcessHost {
  readonly phys: PhysicalMemory;
  readonly mounts: MountTable;
  readonly trace: Trace;
  readonly build: KernelBuild;
  exited(process: Process): void;
}

/**
 * A process: system calls and accesses to memory. System calls throw {@link SyscallError}, whose
 * `code` is the errno; accesses throw AccessFault, the signal. System calls on files and names are
 * in {@link FileCalls}. Addresses, lengths and offsets are bytes. `Machine.spawn()` and
 * `Machine.fork()` make processes.
 */
export class Process extends FileCalls {
  readonly pid: number;
  /** Its memory, as system calls see it: `MmuMemory` with an MMU, `NommuMemory` without. */
  readonly mm: MemoryMap;
  /** The page size of its machine. */
  readonly geometry: PageGeometry;
  private readonly host: ProcessHost;

  constructor(pid: number, mm: MemoryMap, host: ProcessHost, parent?: Process) {
    super(host.mounts, parent);
    this.pid = pid;
    this.mm = mm;
    this.host = host;
    this.geometry = host.phys.geometry;
  }

  /** What the kernel was built for. */
  get build(): KernelBuild {
    return this.host.build;
  }

  /** pipe(2), both ends in one object, which the caller has to close(). */
  pipe(): Pipe {
    return new Pipe(this.host.phys);
  }

  /**
   * splice(2): moves pages between a file and a pipe, or two pipes. What it reads of a file is in
   * the page cache afterwards, even if the file is mapped from ROM. Compare
   * fs/splice.c:do_splice().
   *
   * @returns bytes; 0 at the end of the file.
   * @throws SyscallError EINVAL, EBADF; EAGAIN if a process would have to wait.
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
    const { file } = options;
    const address = unsigned(options.address ?? 0);
    const offset = unsigned(options.offset ?? 0);
    const { geometry } = this;
    if (!geometry.isAligned(offset)) throw new SyscallError('EINVAL', 'offset is not page aligned');
    if (file !== undefined && (flags & MAP_ANONYMOUS) === 0) checkOpen(file);
    const request: MmapRequest = {
      address,
      length: unsigned(length),
      prot,
      flags,
      file,
      pgoff: offset / geometry.size,
    };
    return this.mm.mmap(request);
  }

  /** munmap(2): mm/mmap.c, mm/nommu.c:do_munmap(). @throws SyscallError EINVAL, ENOMEM. */
  munmap(address: Address, length: number): void {
    this.mm.munmap(unsigned(address), unsigned(length));
  }

  /** mprotect(2). @throws SyscallError EACCES, EINVAL, ENOMEM; ENOSYS without an MMU. */
  mprotect(address: Address, length: number, prot: number): void {
    this.mm.mprotect(unsigned(address), unsigned(length), prot);
  }

  /**
   * mremap(2). Compare mm/mremap.c, mm/nommu.c:do_mremap().
   *
   * @param flags MREMAP_MAYMOVE, MREMAP_FIXED, MREMAP_DONTUNMAP; without an MMU only
   * MREMAP_FIXED counts.
   * @param newAddress the place with MREMAP_FIXED, a hint with MREMAP_DONTUNMAP alone.
   * @returns the new address.
   * @throws SyscallError EFAULT, EINVAL, ENOMEM, EPERM.
   */
  mremap(
    address: Address,
    oldLength: number,
    newLength: number,
    flags = 0,
    newAddress: Address = 0,
  ): Address {
    return this.mm.mremap(
      unsigned(address),
      unsigned(oldLength),
      unsigned(newLength),
      flags,
      unsigned(newAddress),
    );
  }

  /** madvise(2). @throws SyscallError EINVAL, ENOMEM, EFAULT; ENOSYS without an MMU. */
  madvise(address: Address, length: number, advice: Advice): void {
    this.mm.madvise(unsigned(address), unsigned(length), advice);
  }

  /**
   * msync(2).
   *
   * @param flags MS_ASYNC, MS_INVALIDATE, MS_SYNC; default MS_SYNC.
   * @throws SyscallError EINVAL, ENOMEM; ENOSYS without an MMU.
   */
  msync(address: Address, length: number, flags?: number): void {
    this.mm.msync(unsigned(address), unsigned(length), flags);
  }

  /**
   * mincore(2).
   *
   * @returns 0 or 1 for each page.
   * @throws SyscallError EINVAL, ENOMEM; ENOSYS without an MMU.
   */
  mincore(address: Address, length: number): Uint8Array {
    return this.mm.mincore(unsigned(address), unsigned(length));
  }

  /**
   * brk(2), which never fails: if it cannot move the end of the heap, it leaves it where it is.
   *
   * @param end 0 to ask.
   * @returns the end of the heap afterwards.
   */
  brk(end: Address): Address {
    return this.mm.brk(end);
  }

  /** One byte. @throws AccessFault SIGSEGV, SIGBUS. Compare mm/memory.c:handle_mm_fault(). */
  load(address: Address): number {
    checkAddress(address);
    return this.mm.load(address);
  }

  /** Loads bytes in order; a fault ends it. @returns how many, and the fault if there was one. */
  loadRange(address: Address, into: Uint8Array): { loaded: number; fault?: AccessFaultLike } {
    if (!isAddress(address)) {
      return { loaded: 0, fault: new AccessFault('SIGSEGV', 'MAPERR', address) };
    }
    return this.mm.loadRange(address, into);
  }

  /** Stores bytes in order; a fault ends it. @returns how many, and the fault if there was one. */
  storeRange(address: Address, from: Uint8Array): { stored: number; fault?: AccessFaultLike } {
    for (const [stored, value] of from.entries()) {
      try {
        this.store(address + stored, value);
      } catch (error) {
        if (!(error instanceof AccessFault)) throw error;
        return { stored, fault: error };
      }
    }
    return { stored: from.length };
  }

  /** One byte, 0 to 255. @throws AccessFault SIGSEGV, SIGBUS. */
  store(address: Address, value: number): void {
    checkAddress(address);
    this.mm.store(address, value);
  }

  /**
   * exit(2): frees the memory and closes the files. Compare kernel/exit.c:do_exit().
   *
   * @param options `closeFiles: false` leaves the files to the caller, who closes them.
   */
  exit({ closeFiles = true }: ExitOptions = {}): void {
    this.mm.exit();
    if (closeFiles) this.files.closeAll();
    this.fs.release();
    this.host.exited(this);
    this.host.trace.sink?.({ type: 'exit', pid: this.pid });
  }
}

/** The end of size_t and of addresses. */
const UNSIGNED_LIMIT = 2 ** 64;

/** An argument as an unsigned long: negative numbers count back from its end. @throws SyscallError EINVAL. */
function unsigned(value: number): number {
  if (!Number.isInteger(value) || Math.abs(value) >= UNSIGNED_LIMIT) {
    throw new SyscallError('EINVAL', `not an unsigned long: ${value}`);
  }
  return value < 0 ? value + UNSIGNED_LIMIT : value;
}

function isAddress(address: number): boolean {
  return Number.isSafeInteger(address) && address >= 0;
}

/** @throws AccessFault SIGSEGV if it is not an address of user space. */
function checkAddress(address: number): void {
  if (!isAddress(address)) throw new AccessFault('SIGSEGV', 'MAPERR', address);
}
