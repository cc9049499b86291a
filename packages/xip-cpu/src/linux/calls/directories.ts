import { S_IFMT, nameToBytes } from 'cramfs-format';
import { RENAME_EXCHANGE, RENAME_NOREPLACE, SyscallError } from 'xip-emu';
import { call, type CallTable, type Caller } from './call.js';
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  fileOf,
  pathAt,
  pathOf,
} from './paths.js';

/** d_type is the mode shifted right by this. */
const TYPE_SHIFT = 12;
/** The size of an entry with a name of one character. */
const LEAST_ENTRY = 24;

/** Compare fs/readdir.c:filldir64(). */
function getdents64(caller: Caller, fd: number, address: number, count: number): number {
  const { task, kernel } = caller;
  const { dirent64 } = kernel.abi.structs;
  const file = fileOf(caller, fd);
  const nameAt = dirent64.offsetOf('type') + 1;
  const start = file.position;
  const entries = task.group.process.getdents(file, Math.max(1, Math.ceil(count / LEAST_ENTRY)));
  let done = 0;
  let position = start;
  for (const { name, ino, type, next } of entries) {
    const reclen = Math.ceil((nameAt + name.length + 1) / 8) * 8;
    if (done + reclen > count) break;
    const bytes = new Uint8Array(reclen);
    bytes.set(
      dirent64
        .encode({ ino, off: next, reclen, type: (type & S_IFMT) >> TYPE_SHIFT })
        .subarray(0, nameAt),
    );
    bytes.set(nameToBytes(name), nameAt);
    task.space.write(address + done, bytes);
    done += reclen;
    position = next;
  }
  file.position = position;
  if (done === 0 && entries.length > 0) throw new SyscallError('EINVAL');
  return done;
}

function makeDirectory(caller: Caller, dirfd: number, path: number, mode: number): number {
  const { process, fs } = caller.task.group;
  process.mkdir(pathAt(caller, dirfd, path), mode & ~fs.umask & 0o1777);
  return 0;
}

/** new_decode_dev() */
function deviceOf(dev: number): { readonly major: number; readonly minor: number } {
  return { major: (dev & 0xfff00) >>> 8, minor: (dev & 0xff) | ((dev >>> 12) & 0xfff00) };
}

function makeNode(caller: Caller, dirfd: number, path: number, mode: number, dev: number): number {
  const { process, fs } = caller.task.group;
  const name = pathAt(caller, dirfd, path);
  const permissions = mode & ~fs.umask & 0o7777;
  const type = mode & S_IFMT;
  const isRegular = type === 0 || type === 0o100000;
  if (isRegular)
    process.close(process.open(name, { create: true, exclusive: true, mode: permissions }));
  else process.mknod(name, type | permissions, deviceOf(dev));
  return 0;
}

function remove(caller: Caller, dirfd: number, path: number, flags: number): number {
  const { process } = caller.task.group;
  const name = pathAt(caller, dirfd, path);
  if ((flags & AT_REMOVEDIR) !== 0) process.rmdir(name);
  else process.unlink(name);
  return 0;
}

function makeLink(
  caller: Caller,
  oldDirfd: number,
  oldPath: number,
  newDirfd: number,
  newPath: number,
  flags: number,
): number {
  const { process } = caller.task.group;
  if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) !== 0) throw new SyscallError('EINVAL');
  const given = pathAt(caller, oldDirfd, oldPath);
  const existing = (flags & AT_SYMLINK_FOLLOW) === 0 ? given : process.lookup(given).path;
  process.link(existing, pathAt(caller, newDirfd, newPath));
  return 0;
}

function move(
  caller: Caller,
  oldDirfd: number,
  oldPath: number,
  newDirfd: number,
  newPath: number,
  flags: number,
): number {
  if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) !== 0) throw new SyscallError('EINVAL');
  const from = pathAt(caller, oldDirfd, oldPath);
  caller.task.group.process.rename(from, pathAt(caller, newDirfd, newPath), flags);
  return 0;
}

function makeSymlink(caller: Caller, target: number, dirfd: number, path: number): number {
  const { process } = caller.task.group;
  process.symlink(pathOf(caller, target), pathAt(caller, dirfd, path));
  return 0;
}

function readSymlink(
  caller: Caller,
  dirfd: number,
  path: number,
  buffer: number,
  size: number,
): number {
  const { task } = caller;
  if (size <= 0) throw new SyscallError('EINVAL');
  const target = nameToBytes(task.group.process.readlink(pathAt(caller, dirfd, path)));
  const part = target.subarray(0, size);
  task.space.write(buffer, part);
  return part.length;
}

export const directoryCalls: CallTable = {
  getdents64: call('uint ptr uint', getdents64),
  mkdirat: call('int path int', makeDirectory),
  mkdir: call('path int', (caller, path, mode) => makeDirectory(caller, AT_FDCWD, path, mode)),
  mknodat: call('int path int uint', makeNode),
  mknod: call('path int uint', (caller, path, mode, dev) =>
    makeNode(caller, AT_FDCWD, path, mode, dev),
  ),
  unlinkat: call('int path int', remove),
  unlink: call('path', (caller, path) => remove(caller, AT_FDCWD, path, 0)),
  rmdir: call('path', (caller, path) => remove(caller, AT_FDCWD, path, AT_REMOVEDIR)),
  linkat: call('int path int path int', makeLink),
  link: call('path path', (caller, existing, path) =>
    makeLink(caller, AT_FDCWD, existing, AT_FDCWD, path, 0),
  ),
  symlinkat: call('path int path', makeSymlink),
  symlink: call('path path', (caller, target, path) => makeSymlink(caller, target, AT_FDCWD, path)),
  readlinkat: call('int path ptr int', readSymlink),
  readlink: call('path ptr int', (caller, path, buffer, size) =>
    readSymlink(caller, AT_FDCWD, path, buffer, size),
  ),
  renameat2: call('int path int path uint', move),
  renameat: call('int path int path', (caller, oldDirfd, from, newDirfd, to) =>
    move(caller, oldDirfd, from, newDirfd, to, 0),
  ),
  rename: call('path path', (caller, from, to) => move(caller, AT_FDCWD, from, AT_FDCWD, to, 0)),
  chdir: call('path', (caller, path) => {
    caller.task.group.process.chdir(pathOf(caller, path));
    return 0;
  }),
  fchdir: call('int', (caller, fd) => {
    const { path, userInode } = fileOf(caller, fd);
    if (!userInode.isDirectory) throw new SyscallError('ENOTDIR');
    caller.task.group.process.chdir(path);
    return 0;
  }),
  chroot: call('path', (caller, path) => {
    caller.task.group.process.chroot(pathOf(caller, path));
    return 0;
  }),
  getcwd: call('ptr size', ({ task }, buffer, size) => {
    const bytes = nameToBytes(`${task.group.process.fs.getcwd()}\0`);
    if (bytes.length > size) throw new SyscallError('ERANGE');
    task.space.write(buffer, bytes);
    return bytes.length;
  }),
};
