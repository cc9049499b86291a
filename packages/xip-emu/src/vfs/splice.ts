import { S_IFIFO, S_IFMT } from 'cramfs-format';
import { SyscallError } from '../errno.js';
import type { PhysicalMemory } from '../phys/physical-memory.js';
import type { OpenFile } from './file.js';
import { readOrStop } from './filemap.js';
import { Pipe } from './pipe.js';

/** A place in a file, in bytes. */
export interface FilePlace {
  readonly file: OpenFile;
  readonly position: number;
}

/** Pages of the page cache, read as needed. Compare mm/filemap.c:filemap_splice_read(). */
export function filemapSpliceRead(
  file: OpenFile,
  position: number,
  pipe: Pipe,
  length: number,
): number {
  const mapping = file.mapping!;
  const { size: pageSize } = mapping.geometry;
  const wanted = position + length;
  let at = position;
  while (at < wanted && at < mapping.host.size && pipe.room > 0) {
    const offset = at % pageSize;
    const frame = readOrStop(mapping, Math.floor(at / pageSize), at - position);
    const size = Math.min(pageSize - offset, wanted - at, mapping.host.size - at);
    if (frame < 0 || size <= 0) break;
    pipe.addPage(frame, offset, size);
    at += size;
  }
  return at - position;
}

/** Pages of the pipe's own, for files whose content is not in pages. Compare copy_splice_read(). */
export function copySpliceRead(
  file: OpenFile,
  position: number,
  pipe: Pipe,
  length: number,
): number {
  if (file.fops.readIter === undefined) throw new SyscallError('EINVAL');
  const bytes = new Uint8Array(Math.min(length, pipe.room * pipe.geometry.size));
  const got = file.fops.readIter(file, position, bytes);
  return got === 0 ? 0 : pipe.write(bytes.subarray(0, got));
}

/** Writes what a pipe holds in one go. Compare fs/splice.c:iter_file_splice_write(). */
export function iterFileSpliceWrite(
  pipe: Pipe,
  file: OpenFile,
  position: number,
  length: number,
): number {
  if (file.fops.writeIter === undefined) throw new SyscallError('EINVAL');
  const bytes = new Uint8Array(Math.min(length, pipe.length));
  pipe.peek(bytes);
  const written = file.fops.writeIter(file, position, bytes);
  pipe.drop(written);
  return written;
}

/** Compare fs/splice.c:vfs_splice_read(). @throws SyscallError EBADF, EINVAL. */
export function spliceToPipe(file: OpenFile, position: number, pipe: Pipe, length: number): number {
  if (!file.readable) throw new SyscallError('EBADF');
  if (length === 0) return 0;
  if (pipe.room === 0) throw new SyscallError('EAGAIN', 'the pipe is full');
  if (file.fops.spliceRead === undefined) throw new SyscallError('EINVAL', 'no splice_read');
  return file.fops.spliceRead(file, position, pipe, length);
}

/** Compare fs/splice.c:do_splice_from(). @throws SyscallError EBADF, EINVAL, EAGAIN. */
export function spliceFromPipe(
  pipe: Pipe,
  file: OpenFile,
  position: number,
  length: number,
): number {
  if (!file.writable) throw new SyscallError('EBADF');
  if (pipe.length === 0) throw new SyscallError('EAGAIN', 'the pipe is empty');
  if (file.fops.spliceWrite === undefined) throw new SyscallError('EINVAL', 'no splice_write');
  return file.fops.spliceWrite(pipe, file, position, length);
}

/**
 * splice(2): one end at least is a pipe. Compare fs/splice.c:do_splice().
 *
 * @returns bytes moved; 0 at the end of a file.
 * @throws SyscallError EINVAL, EBADF; EAGAIN if a process would wait.
 */
export function splice(from: Pipe | FilePlace, to: Pipe | FilePlace, length: number): number {
  if (from instanceof Pipe) {
    if (!(to instanceof Pipe)) return spliceFromPipe(from, to.file, to.position, length);
    if (from === to) throw new SyscallError('EINVAL', 'a pipe into itself');
    const moved = from.moveTo(to, length);
    if (moved === 0 && length > 0) throw new SyscallError('EAGAIN');
    return moved;
  }
  if (to instanceof Pipe) return spliceToPipe(from.file, from.position, to, length);
  throw new SyscallError('EINVAL', 'no pipe');
}

/** True if the file is a pipe, which sendfile(2) fills as splice(2) does. Compare get_pipe_info(). */
function isPipe({ inode }: OpenFile): boolean {
  return (inode.mode & S_IFMT) === S_IFIFO;
}

/**
 * sendfile(2): file to file, through a pipe of its own. Compare
 * fs/splice.c:splice_direct_to_actor().
 *
 * @returns bytes written; short at the end of the input, or after an error that follows the first bytes.
 * @throws SyscallError EBADF; EINVAL for files that cannot be spliced, an input without positions, and
 * an output with O_APPEND; EAGAIN if a process would wait.
 */
export function sendfile(
  phys: PhysicalMemory,
  from: FilePlace,
  to: FilePlace,
  length: number,
): number {
  if (!to.file.writable) throw new SyscallError('EBADF');
  if (!isPipe(to.file)) {
    if (to.file.append) throw new SyscallError('EINVAL', 'O_APPEND');
    if (from.file.fops.isStream === true) throw new SyscallError('EINVAL', 'no positions');
  }
  const pipe = new Pipe(phys);
  let done = 0;
  try {
    while (done < length) {
      const got = spliceToPipe(from.file, from.position + done, pipe, length - done);
      for (let left = got; left > 0;) {
        const written = spliceFromPipe(pipe, to.file, to.position + done, left);
        done += written;
        left -= written;
        if (written === 0) return done;
      }
      if (got === 0) return done;
    }
    return done;
  } catch (error) {
    if (done > 0 && error instanceof SyscallError) return done;
    throw error;
  } finally {
    pipe.close();
  }
}
