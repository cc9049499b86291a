import { SyscallError } from './errno.js';
import type { MemoryMap } from './memory-map.js';
import { OpenFile } from './vfs/file.js';
import type { MountTable } from './vfs/mount.js';
import { pathLookup } from './vfs/namei.js';

export interface OpenOptions {
  /** O_RDWR instead of O_RDONLY. */
  readonly write?: boolean | undefined;
}

/** A process: its memory, and the system calls that have to do with files. */
export class Process {
  readonly pid: number;
  readonly mm: MemoryMap;
  private readonly mounts: MountTable;

  constructor(pid: number, mm: MemoryMap, mounts: MountTable) {
    this.pid = pid;
    this.mm = mm;
    this.mounts = mounts;
  }

  /**
   * open(2) of an absolute path (a byte string). The caller owns the reference: {@link close}.
   *
   * @throws SyscallError.
   */
  open(path: string, { write = false }: OpenOptions = {}): OpenFile {
    const { inode, path: resolved } = pathLookup(this.mounts, path);
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

  close(file: OpenFile): void {
    file.put();
  }

  /** pread(2). @returns bytes read; short at the end of the file. @throws SyscallError. */
  pread(file: OpenFile, position: number, into: Uint8Array): number {
    if (!file.readable) throw new SyscallError('EBADF');
    if (file.fops.readIter === undefined) throw new SyscallError('EINVAL');
    return file.fops.readIter(file, position, into);
  }

  /** pwrite(2). @returns bytes written. @throws SyscallError. */
  pwrite(file: OpenFile, position: number, from: Uint8Array): number {
    if (!file.writable) throw new SyscallError('EBADF');
    if (file.fops.writeIter === undefined) throw new SyscallError('EINVAL');
    return file.fops.writeIter(file, position, from);
  }
}
