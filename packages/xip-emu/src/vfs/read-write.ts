import { S_IFBLK, S_IFDIR, S_IFIFO, S_IFMT } from 'cramfs-format';
import { SyscallError } from '../errno.js';
import type { OpenFile, Whence } from './file.js';
import { checkOpen } from './files-struct.js';
import type { DirectoryEntry } from './inode.js';
import { verifyArea } from './verify-area.js';

/** Where loff_t ends. */
const LOFF_LIMIT = 2 ** 63;

/** A position or length as loff_t: not negative. @throws SyscallError EINVAL. */
export function checkLoff(value: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= LOFF_LIMIT) {
    throw new SyscallError('EINVAL', `not an offset: ${value}`);
  }
}

/** pread(2). Compare fs/read_write.c:ksys_pread64(), vfs_read(). */
export function pread(file: OpenFile, position: number, into: Uint8Array): number {
  checkLoff(position);
  checkOpen(file);
  if (file.fops.isStream === true) throw new SyscallError('ESPIPE');
  return vfsRead(file, position, into);
}

function vfsRead(file: OpenFile, position: number, into: Uint8Array): number {
  if (!file.readable) throw new SyscallError('EBADF');
  if (file.fops.readIter === undefined) throw new SyscallError('EINVAL');
  verifyArea(position, into.length);
  return file.fops.readIter(file, position, into);
}

/**
 * pwrite(2); with O_APPEND at the end, whatever `position` is. Compare fs/read_write.c:vfs_write().
 */
export function pwrite(file: OpenFile, position: number, from: Uint8Array): number {
  checkLoff(position);
  checkOpen(file);
  if (file.fops.isStream === true) throw new SyscallError('ESPIPE');
  return vfsWrite(file, position, from).written;
}

function vfsWrite(
  file: OpenFile,
  position: number,
  from: Uint8Array,
): { readonly at: number; readonly written: number } {
  if (!file.writable) throw new SyscallError('EBADF');
  if (file.fops.writeIter === undefined) throw new SyscallError('EINVAL');
  verifyArea(position, from.length);
  const at = file.append && file.userInode.isRegular ? file.userInode.size : position;
  return { at, written: file.fops.writeIter(file, at, from) };
}

/** read(2), from where the last one ended. */
export function read(file: OpenFile, into: Uint8Array): number {
  checkOpen(file);
  const got = vfsRead(file, file.position, into);
  if (file.fops.isStream !== true) file.position += got;
  return got;
}

/** write(2), at the file's position; with O_APPEND at the end of the file. */
export function write(file: OpenFile, from: Uint8Array): number {
  checkOpen(file);
  const { at, written } = vfsWrite(file, file.position, from);
  if (file.fops.isStream !== true) file.position = at + written;
  return written;
}

/**
 * Goes through buffers until one is not used up. A failure after some bytes ends the call without
 * an error. Compare fs/read_write.c:do_loop_readv_writev().
 */
export function eachBuffer(
  buffers: readonly Uint8Array[],
  transfer: (buffer: Uint8Array, done: number) => number,
): number {
  let done = 0;
  for (const buffer of buffers) {
    if (buffer.length === 0) continue;
    let got: number;
    try {
      got = transfer(buffer, done);
    } catch (error) {
      if (done > 0 && error instanceof SyscallError) return done;
      throw error;
    }
    done += got;
    if (got < buffer.length) break;
  }
  return done;
}

/** lseek(2). Compare fs/read_write.c:generic_file_llseek_size(). */
export function lseek(file: OpenFile, offset: number, whence: Whence): number {
  checkOpen(file);
  if (file.fops.isStream === true) throw new SyscallError('ESPIPE');
  if (!Number.isInteger(offset)) throw new SyscallError('EINVAL');
  file.position = file.fops.llseek?.(file, offset, whence) ?? newPosition(file, offset, whence);
  return file.position;
}

function newPosition(file: OpenFile, offset: number, whence: Whence): number {
  const { size } = file.userInode;
  let position: number;
  switch (whence) {
    case 'set':
      position = offset;
      break;
    case 'cur':
      position = file.position + offset;
      break;
    case 'end':
      position = size + offset;
      break;
    case 'data':
    case 'hole':
      if (offset < 0 || offset >= size) throw new SyscallError('ENXIO');
      if (file.fops.seekHoleOrData !== undefined) {
        return file.fops.seekHoleOrData(file, offset, whence);
      }
      return whence === 'data' ? offset : size;
    default:
      throw new SyscallError('EINVAL');
  }
  checkLoff(position);
  return position;
}

/**
 * getdents(2). Compare fs/readdir.c:iterate_dir().
 *
 * @param limit entries at most.
 */
export function getdents(file: OpenFile, limit: number): readonly DirectoryEntry[] {
  checkOpen(file);
  const { userInode: inode } = file;
  if (!inode.isDirectory) throw new SyscallError('ENOTDIR');
  if (inode.isDead) throw new SyscallError('ENOENT');
  if (inode.readdir === undefined) throw new SyscallError('ENOTDIR');
  const entries = inode.readdir(file.position).slice(0, limit);
  const last = entries.at(-1);
  if (last !== undefined) file.position = last.next;
  return entries;
}

// include/uapi/linux/falloc.h
export const FALLOC_FL_KEEP_SIZE = 1;
export const FALLOC_FL_PUNCH_HOLE = 2;

/** fallocate(2). Compare fs/open.c:vfs_fallocate(). */
export function fallocate(file: OpenFile, mode: number, offset: number, length: number): void {
  checkOpen(file);
  checkLoff(offset);
  checkLoff(length);
  if (length === 0) throw new SyscallError('EINVAL');
  if (
    (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)) !== 0 ||
    mode === FALLOC_FL_PUNCH_HOLE
  ) {
    throw new SyscallError('EOPNOTSUPP');
  }
  if (!file.writable) throw new SyscallError('EBADF');
  const type = file.userInode.mode & S_IFMT;
  if (type === S_IFIFO) throw new SyscallError('ESPIPE');
  if (type === S_IFDIR) throw new SyscallError('EISDIR');
  if (!file.userInode.isRegular && type !== S_IFBLK) throw new SyscallError('ENODEV');
  if (offset + length >= LOFF_LIMIT) throw new SyscallError('EFBIG');
  if (file.fops.fallocate === undefined) throw new SyscallError('EOPNOTSUPP');
  file.fops.fallocate(file, mode, offset, length);
}
