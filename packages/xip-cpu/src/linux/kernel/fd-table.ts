import { SyscallError, type FileCalls, type OpenFile } from 'xip-emu';

/** An open file, and the flag of its number. */
interface Descriptor {
  readonly file: OpenFile;
  closeOnExec: boolean;
}

/** RLIMIT_NOFILE of a process that has not changed it. */
const DEFAULT_LIMIT = 1024;

/**
 * The numbers of a process's open files: struct fdtable. Threads share one, and so do processes of
 * clone(2) with CLONE_FILES.
 */
export class FdTable {
  /** RLIMIT_NOFILE */
  limit = DEFAULT_LIMIT;
  private readonly descriptors: (Descriptor | undefined)[] = [];
  private readonly files: FileCalls['files'];
  private holders = 1;

  /** @param files where references to open files are counted. */
  constructor(files: FileCalls['files']) {
    this.files = files;
  }

  /**
   * fork(2): returns a table with the same files under the same numbers; `files` has counted them
   * already.
   */
  copyTo(files: FileCalls['files']): FdTable {
    const copy = new FdTable(files);
    copy.limit = this.limit;
    for (const [fd, descriptor] of this.descriptors.entries()) {
      copy.descriptors[fd] = descriptor && { ...descriptor };
    }
    return copy;
  }

  /** Adds one more process that has this table. */
  share(): this {
    this.holders += 1;
    return this;
  }

  /** Removes a process that had the table. The last one closes all files. */
  release(): void {
    this.holders -= 1;
    if (this.holders > 0) return;
    for (const fd of this.numbers())
      ignoringErrors(() => {
        this.close(fd);
      });
  }

  get isShared(): boolean {
    return this.holders > 1;
  }

  /** Returns the lowest free number from `least` on. @throws SyscallError EMFILE. */
  private lowest(least: number): number {
    let fd = least;
    while (this.descriptors[fd] !== undefined) fd += 1;
    if (fd >= this.limit) throw new SyscallError('EMFILE');
    return fd;
  }

  /**
   * Gives a number to a file that `files` has counted. If no number is free, the file is closed.
   */
  add(file: OpenFile, closeOnExec = false, least = 0): number {
    try {
      const fd = this.lowest(least);
      this.descriptors[fd] = { file, closeOnExec };
      return fd;
    } catch (error) {
      this.files.close(file);
      throw error;
    }
  }

  /** @throws SyscallError EBADF. */
  get(fd: number): OpenFile {
    return this.entry(fd).file;
  }

  private entry(fd: number): Descriptor {
    const descriptor = this.descriptors[fd];
    if (descriptor === undefined) throw new SyscallError('EBADF');
    return descriptor;
  }

  /** @throws SyscallError EBADF, or the error of closing. */
  close(fd: number): void {
    const { file } = this.entry(fd);
    this.descriptors[fd] = undefined;
    this.files.close(file);
  }

  /** F_DUPFD. @throws SyscallError EBADF, EMFILE. */
  dup(fd: number, least = 0, closeOnExec = false): number {
    const { file } = this.entry(fd);
    const copy = this.lowest(least);
    this.descriptors[copy] = { file: this.files.dup(file), closeOnExec };
    return copy;
  }

  /** dup3(2). @throws SyscallError EBADF. */
  dupTo(fd: number, target: number, closeOnExec: boolean): number {
    const { file } = this.entry(fd);
    if (target < 0 || target >= this.limit) throw new SyscallError('EBADF');
    const copy = this.files.dup(file);
    const replaced = this.descriptors[target]?.file;
    this.descriptors[target] = { file: copy, closeOnExec };
    if (replaced !== undefined)
      ignoringErrors(() => {
        this.files.close(replaced);
      });
    return target;
  }

  isCloseOnExec(fd: number): boolean {
    return this.entry(fd).closeOnExec;
  }

  setCloseOnExec(fd: number, closeOnExec: boolean): void {
    this.entry(fd).closeOnExec = closeOnExec;
  }

  /** Compare fs/file.c:do_close_on_exec(). */
  closeOnExec(): void {
    for (const fd of this.numbers()) {
      if (this.entry(fd).closeOnExec)
        ignoringErrors(() => {
          this.close(fd);
        });
    }
  }

  /** Returns the numbers in use, in ascending order. */
  numbers(): number[] {
    return this.descriptors.flatMap((descriptor, fd) => (descriptor === undefined ? [] : [fd]));
  }
}

/** Ignores errors of closing, which nobody can receive. */
function ignoringErrors(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
  }
}
