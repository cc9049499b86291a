import { SyscallError } from '../errno.js';
import type { OpenFile } from './file.js';

/**
 * struct files_struct: the open files of a process. Descriptors have no numbers: a file that was
 * opened once and duplicated twice is here three times, and has to be closed three times.
 */
export class FilesStruct {
  private readonly counts = new Map<OpenFile, number>();

  /** Takes over a reference to a file. */
  install(file: OpenFile): OpenFile {
    this.counts.set(file, (this.counts.get(file) ?? 0) + 1);
    file.descriptors += 1;
    return file;
  }

  /** dup(2). @throws SyscallError EBADF. */
  dup(file: OpenFile): OpenFile {
    checkOpen(file);
    return this.install(file.get());
  }

  /** close(2): the file is closed even if this fails. @throws SyscallError EBADF, or what flush throws. */
  close(file: OpenFile): void {
    const count = this.counts.get(file);
    if (count === undefined) throw new SyscallError('EBADF');
    if (count === 1) this.counts.delete(file);
    else this.counts.set(file, count - 1);
    file.descriptors -= 1;
    try {
      file.fops.flush?.(file);
    } finally {
      file.put();
    }
  }

  /** fork(2): the child has each file as many times. Compare fs/file.c:dup_fd(). */
  inherit(parent: FilesStruct): void {
    for (const [file, count] of parent.counts) {
      for (let copy = 0; copy < count; copy += 1) this.install(file.get());
    }
  }

  /** exit(2). Errors of closing are ignored. Compare fs/file.c:exit_files(). */
  closeAll(): void {
    for (const [file, count] of [...this.counts]) {
      for (let copy = 0; copy < count; copy += 1) {
        try {
          this.close(file);
        } catch (error) {
          if (!(error instanceof SyscallError)) throw error;
        }
      }
    }
  }
}

/** fdget(). @throws SyscallError EBADF for a file that no process has open. */
export function checkOpen(file: OpenFile): void {
  if (file.descriptors === 0) throw new SyscallError('EBADF', 'the file is closed');
}
