import { SyscallError, type FileCalls, type OpenFile } from 'xip-emu';

/** What a descriptor number stands for. */
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

  /** @param files where the files are counted. */
  constructor(files: FileCalls['files']) {
    this.files = files;
  }

  /** fork(2): the same files under the same numbers; `files` has them already. */
  copyTo(files: FileCalls['files']): FdTable {
    const copy = new FdTable(files);
    copy.limit = this.limit;
    for (const [fd, descriptor] of this.descriptors.entries()) {
      copy.descriptors[fd] = descriptor && { ...descriptor };
    }
    return copy;
  }

  /** One more process that has this table. */
  share(): this {
    this.holders += 1;
    return this;
  }

  /** A process that had the table is gone; the last one closes all. */
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

  /** A lower number than all that are in use, from `least` on. @throws SyscallError EMFILE. */
  private lowest(least: number): number {
    let fd = least;
    while (this.descriptors[fd] !== undefined) fd += 1;
    if (fd >= this.limit) throw new SyscallError('EMFILE');
    return fd;
  }

  /** Gives a number to a file that `files` has counted; if there is none the file is closed. */
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

  /** @throws SyscallError EBADF, or what closing reports. */
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

  /** dup3(2) to another number. @throws SyscallError EBADF. */
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

  /** The numbers in use, from low to high. */
  numbers(): number[] {
    return this.descriptors.flatMap((descriptor, fd) => (descriptor === undefined ? [] : [fd]));
  }
}

/** What a close reports that nobody hears. */
function ignoringErrors(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
  }
}
