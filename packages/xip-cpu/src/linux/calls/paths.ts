import { SyscallError, type OpenFile } from 'xip-emu';
import type { Caller } from './call.js';

export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_REMOVEDIR = 0x200;
export const AT_SYMLINK_FOLLOW = 0x400;
export const AT_EMPTY_PATH = 0x1000;

/** Returns the open file of a descriptor. @throws SyscallError EBADF. */
export function fileOf({ task }: Caller, fd: number): OpenFile {
  return task.group.fds.get(fd);
}

/** Reads a path from user memory; a byte string. @throws SyscallError EFAULT, ENAMETOOLONG. */
export function pathOf({ task }: Caller, address: number): string {
  return task.space.string(address);
}

/**
 * Reads a path that starts at an open directory, or at the working directory.
 *
 * @throws SyscallError EFAULT, ENAMETOOLONG, EBADF, ENOTDIR.
 */
export function pathAt(caller: Caller, dirfd: number, address: number): string {
  return fromDirectory(caller, dirfd, pathOf(caller, address));
}

export function fromDirectory(caller: Caller, dirfd: number, path: string): string {
  if (path.startsWith('/') || path === '' || dirfd === AT_FDCWD) return path;
  const { userInode, path: directory } = fileOf(caller, dirfd);
  if (!userInode.isDirectory) throw new SyscallError('ENOTDIR');
  // The path is seen from the root of the process, which may be another directory.
  const root = caller.task.group.process.fs.root.at(-1)!.path;
  const seen = directory.startsWith(root) ? directory.slice(root.length) : directory;
  return `${seen === '/' ? '' : seen}/${path}`;
}

/** Runs a call on a path or, with AT_EMPTY_PATH and an empty path, on the descriptor itself. */
export function onPathOrFile<T>(
  caller: Caller,
  dirfd: number,
  address: number,
  flags: number,
  {
    onPath,
    onFile,
  }: {
    readonly onPath: (path: string) => T;
    readonly onFile: (file: OpenFile) => T;
  },
): T {
  const path = address === 0 && (flags & AT_EMPTY_PATH) !== 0 ? '' : pathOf(caller, address);
  if (path !== '' || (flags & AT_EMPTY_PATH) === 0)
    return onPath(fromDirectory(caller, dirfd, path));
  if (dirfd === AT_FDCWD) return onPath('.');
  return onFile(fileOf(caller, dirfd));
}
