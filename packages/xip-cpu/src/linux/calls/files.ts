import { S_IFIFO, S_IFMT } from 'cramfs-format';
import { OpenFile, SyscallError, fifoStateOf, isSyscallError, type Whence } from 'xip-emu';
import type { Outcome } from '../kernel/outcome.js';
import { call, type CallTable, type Caller } from './call.js';
import { copyingCalls } from './copying.js';
import { descriptorCalls } from './descriptors.js';
import { checkNewSize } from './file-size-limit.js';
import {
  O_ACCMODE,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_TMPFILE,
  O_TRUNC,
  O_WRONLY,
} from './open-flags.js';
import { AT_FDCWD, fileOf, fromDirectory, pathOf } from './paths.js';

const WHENCES: readonly Whence[] = ['set', 'cur', 'end', 'data', 'hole'];

function open(
  caller: Caller,
  dirfd: number,
  pathAddress: number,
  flags: number,
  mode: number,
): Outcome {
  const { kernel, task } = caller;
  const { group } = task;
  const { process, fds } = group;
  const path = fromDirectory(caller, dirfd, pathOf(caller, pathAddress));
  const access = flags & O_ACCMODE;
  if ((flags & O_TMPFILE) !== 0) throw new SyscallError('EOPNOTSUPP', 'O_TMPFILE');
  const isPath = (flags & O_PATH) !== 0;
  const closeOnExec = (flags & O_CLOEXEC) !== 0;
  const options = {
    read: isPath || access !== O_WRONLY,
    write: !isPath && access !== O_RDONLY,
    append: (flags & O_APPEND) !== 0,
    directory: (flags & kernel.abi.openFlags.directory) !== 0,
    noFollow: (flags & kernel.abi.openFlags.noFollow) !== 0,
    nonBlock: (flags & O_NONBLOCK) !== 0,
    create: !isPath && (flags & O_CREAT) !== 0,
    exclusive: !isPath && (flags & O_EXCL) !== 0,
    truncate: !isPath && (flags & O_TRUNC) !== 0,
    mode: mode & ~group.fs.umask & 0o7777,
  };
  try {
    return fds.add(process.open(path, options), closeOnExec);
  } catch (error) {
    if (!isSyscallError(error, 'EAGAIN') || options.nonBlock || !isFifo(caller, path)) throw error;
  }
  return openFifo(caller, path, options, closeOnExec);
}

function isFifo({ task }: Caller, path: string): boolean {
  return (task.group.process.stat(path).mode & S_IFMT) === S_IFIFO;
}

/**
 * Opens one end of a FIFO and waits for the other end. A reader that waits counts as one for
 * writers. Compare fs/pipe.c:fifo_open().
 */
function openFifo(
  { task }: Caller,
  path: string,
  options: { readonly read: boolean; readonly write: boolean },
  closeOnExec: boolean,
): Outcome {
  const { process, fds } = task.group;
  const reader = options.read ? process.open(path, { ...options, nonBlock: true }) : undefined;
  if (reader !== undefined) reader.nonBlock = false;
  return {
    waits: `open ${path}`,
    restarts: true,
    attempt() {
      if (reader !== undefined) {
        const state = fifoStateOf(reader);
        const hasPeer = (state?.writers ?? 0) > 0 || (state?.bytes.length ?? 0) > 0;
        return hasPeer ? fds.add(reader, closeOnExec) : undefined;
      }
      try {
        return fds.add(process.open(path, options), closeOnExec);
      } catch (error) {
        if (isSyscallError(error, 'EAGAIN')) return undefined;
        throw error;
      }
    },
    interrupted() {
      if (reader !== undefined) process.close(reader);
      return undefined;
    },
  };
}

function makePipe(caller: Caller, address: number, flags: number): number {
  const { kernel, task } = caller;
  const { process, fds } = task.group;
  const inode = kernel.pipes.newInode(S_IFIFO | 0o600);
  const path = `pipe:[${inode.ino}]`;
  const nonBlock = (flags & O_NONBLOCK) !== 0;
  const ends = [
    new OpenFile(inode, path, { readable: true, nonBlock: true }),
    new OpenFile(inode, path, { readable: false, writable: true, nonBlock: true }),
  ];
  const closeOnExec = (flags & O_CLOEXEC) !== 0;
  const numbers = ends.map((end) => {
    end.fops.open?.(end);
    end.nonBlock = nonBlock;
    return fds.add(process.files.install(end), closeOnExec);
  });
  numbers.forEach((fd, index) => {
    task.space.writeInt32(address + index * 4, fd);
  });
  return 0;
}

function lseek(caller: Caller, fd: number, offset: number, whence: number): number {
  const name = WHENCES[whence];
  if (name === undefined) throw new SyscallError('EINVAL');
  return caller.task.group.process.lseek(fileOf(caller, fd), offset, name);
}

function truncate(caller: Caller, address: number, size: number): number {
  const { process } = caller.task.group;
  if (size < 0) throw new SyscallError('EINVAL');
  const path = caller.task.space.string(address);
  checkNewSize(caller, process.stat(path).size, size);
  process.truncate(path, size);
  return 0;
}

function ftruncate(caller: Caller, fd: number, size: number): number {
  const file = fileOf(caller, fd);
  checkNewSize(caller, file.inode.size, size);
  caller.task.group.process.ftruncate(file, size);
  return 0;
}

export const fileCalls: CallTable = {
  ...descriptorCalls,
  ...copyingCalls,
  openat: call('int path int int', open),
  open: call('path int int', (caller, path, flags, mode) =>
    open(caller, AT_FDCWD, path, flags, mode),
  ),
  creat: call('path int', (caller, path, mode) =>
    open(caller, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode),
  ),
  pipe2: call('ptr int', makePipe),
  pipe: call('ptr', (caller, address) => makePipe(caller, address, 0)),
  lseek: call('int long int', lseek),
  llseek: call('int long long ptr int', (caller, fd, high, low, result, whence) => {
    const position = lseek(caller, fd, high * 2 ** 32 + (low >>> 0), whence);
    caller.task.space.writeBits64(result, BigInt(position));
    return 0;
  }),
  // The calls of 32-bit architectures without a 64 in their names take a long.
  truncate: call('path long', truncate),
  truncate64: call('path off', truncate),
  ftruncate: call('int long', ftruncate),
  ftruncate64: call('int off', ftruncate),
  fallocate: call('int int off off', (caller, fd, mode, offset, length) => {
    caller.task.group.process.fallocate(fileOf(caller, fd), mode, offset, length);
    return 0;
  }),
  fsync: call('int', (caller, fd) => {
    caller.task.group.process.fsync(fileOf(caller, fd));
    return 0;
  }),
  sync: call('', ({ kernel }) => {
    kernel.machine.sync();
    return 0;
  }),
  syncfs: call('int', (caller, fd) => {
    fileOf(caller, fd).inode.sb.sync();
    return 0;
  }),
  fadvise64: call('int off off int', (caller, fd) => {
    fileOf(caller, fd);
    return 0;
  }),
  readahead: call('int off size', (caller, fd) => {
    fileOf(caller, fd);
    return 0;
  }),
};
