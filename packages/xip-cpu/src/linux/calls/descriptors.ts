import { SyscallError, type OpenFile } from 'xip-emu';
import { call, type CallTable, type Caller } from './call.js';
import { fileOf } from './paths.js';
import { O_APPEND, O_CLOEXEC, O_NONBLOCK } from './open-flags.js';

// include/uapi/asm-generic/fcntl.h, include/uapi/linux/fcntl.h
const F_DUPFD = 0;
const F_GETFD = 1;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const F_GETLK = 5;
const F_SETLK = 6;
const F_SETLKW = 7;
const F_SETOWN = 8;
const F_GETOWN = 9;
const F_GETLK64 = 12;
const F_SETLK64 = 13;
const F_SETLKW64 = 14;
const F_DUPFD_CLOEXEC = 1030;
const F_SETPIPE_SZ = 1031;
const F_GETPIPE_SZ = 1032;
const FD_CLOEXEC = 1;
const F_UNLCK = 2;
const PIPE_SIZE = 65536;

function statusFlags({ readable, writable, append, nonBlock }: OpenFile): number {
  const access = writable ? (readable ? 2 : 1) : 0;
  return access | (append ? O_APPEND : 0) | (nonBlock ? O_NONBLOCK : 0);
}

/** Compare fs/fcntl.c:do_fcntl(). */
function fcntl(caller: Caller, fd: number, command: number, argument: number): number {
  const { task, kernel } = caller;
  const { fds } = task.group;
  const file = fileOf(caller, fd);
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      if (argument < 0 || argument >= fds.limit) throw new SyscallError('EINVAL');
      return fds.dup(fd, argument, command === F_DUPFD_CLOEXEC);
    case F_GETFD:
      return fds.isCloseOnExec(fd) ? FD_CLOEXEC : 0;
    case F_SETFD:
      fds.setCloseOnExec(fd, (argument & FD_CLOEXEC) !== 0);
      return 0;
    case F_GETFL:
      return statusFlags(file);
    case F_SETFL:
      file.append = (argument & O_APPEND) !== 0;
      file.nonBlock = (argument & O_NONBLOCK) !== 0;
      return 0;
    case F_SETLK:
    case F_SETLKW:
    case F_SETLK64:
    case F_SETLKW64:
    case F_SETOWN:
    case F_GETOWN:
      // Locks are not recorded: nobody holds one that the caller could wait for.
      return 0;
    case F_GETLK:
    case F_GETLK64: {
      const { flock, flock64 } = kernel.abi.structs;
      const layout = command === F_GETLK ? flock : flock64;
      const lock = task.space.readStruct(argument, layout);
      lock[layout.offsetOf('type')] = F_UNLCK;
      task.space.write(argument, lock);
      return 0;
    }
    case F_GETPIPE_SZ:
    case F_SETPIPE_SZ:
      if (file.fops.isStream !== true) throw new SyscallError('EBADF');
      return PIPE_SIZE;
    default:
      throw new SyscallError('EINVAL', `fcntl ${command}`);
  }
}

export const descriptorCalls: CallTable = {
  close: call('int', ({ task }, fd) => {
    task.group.fds.close(fd);
    return 0;
  }),
  close_range: call('uint uint uint', ({ task }, first, last, flags) => {
    if (last < first) throw new SyscallError('EINVAL');
    const { fds } = task.group;
    for (const fd of fds.numbers()) {
      if (fd < first || fd > last) continue;
      if ((flags & 4) !== 0) fds.setCloseOnExec(fd, true);
      else fds.close(fd);
    }
    return 0;
  }),
  dup: call('int', ({ task }, fd) => task.group.fds.dup(fd)),
  dup2: call('int int', ({ task }, fd, target) => {
    const { fds } = task.group;
    if (fd !== target) return fds.dupTo(fd, target, false);
    fds.get(fd);
    return fd;
  }),
  dup3: call('int int int', ({ task }, fd, target, flags) => {
    if (fd === target || (flags & ~O_CLOEXEC) !== 0) throw new SyscallError('EINVAL');
    return task.group.fds.dupTo(fd, target, flags !== 0);
  }),
  fcntl: call('int int long', fcntl),
  flock: call('int int', (caller, fd) => {
    fileOf(caller, fd);
    return 0;
  }),
};
