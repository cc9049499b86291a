import { CRAMFS_MAGIC } from 'cramfs-format';
import {
  SyscallError,
  type DeviceNumber,
  type FileStatus,
  type Iattr,
  type SuperBlock,
} from 'xip-emu';
import type { StructLayout } from '../abi/struct-layout.js';
import { call, type CallTable, type Caller } from './call.js';
import {
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  fileOf,
  fromDirectory,
  onPathOrFile,
  pathOf,
} from './paths.js';

/** Magic numbers of statfs(2): include/uapi/linux/magic.h. */
const MAGICS: Readonly<Record<string, number>> = {
  cramfs: CRAMFS_MAGIC,
  tmpfs: 0x01021994,
  devtmpfs: 0x01021994,
  ramfs: 0x858458f6,
  overlay: 0x794c7630,
  proc: 0x9fa0,
  sysfs: 0x62656572,
};
const NAME_MAX = 255;
/** STATX_BASIC_STATS */
const STATX_BASIC = 0x7ff;
const UTIME_NOW = 0x3fffffff;
const UTIME_OMIT = 0x3ffffffe;
const ST_RDONLY = 1;
/**
 * The size of statfs64 on ARM, where the structure is packed; the EABI accepts it besides that of
 * the structure.
 */
const PACKED_STATFS64 = 84;

/** new_encode_dev() */
function encodeDevice({ major, minor }: DeviceNumber): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

function writeStat(caller: Caller, address: number, status: FileStatus): number {
  const { kernel, task } = caller;
  const { stat } = kernel.abi;
  if (stat === undefined) throw new SyscallError('ENOSYS');
  const { ino, mode, nlink, uid, gid, size, blksize, blocks, atime, mtime, ctime } = status;
  const values = { ino, mode, nlink, uid, gid, size, blksize, blocks, atime, mtime, ctime };
  const devices = { dev: encodeDevice(status.dev), rdev: encodeDevice(status.rdev) };
  // ARM has the inode number twice.
  const old = kernel.abi.name === 'arm' ? { ino32: ino } : {};
  task.space.writeStruct(address, stat, { ...values, ...devices, ...old });
  return 0;
}

function statusAt(caller: Caller, dirfd: number, path: number, flags: number): FileStatus {
  const { process } = caller.task.group;
  return onPathOrFile(caller, dirfd, path, flags, {
    onPath: (name) =>
      (flags & AT_SYMLINK_NOFOLLOW) === 0 ? process.stat(name) : process.lstat(name),
    onFile: (file) => process.fstat(file),
  });
}

/** Compare fs/stat.c:cp_statx(). */
function statx(
  caller: Caller,
  dirfd: number,
  path: number,
  flags: number,
  _mask: number,
  address: number,
): number {
  const { dev, rdev, mode, ...status } = statusAt(caller, dirfd, path, flags);
  const { ino, nlink, uid, gid, size, blksize, blocks, atime, mtime, ctime } = status;
  caller.task.space.writeStruct(address, caller.kernel.abi.structs.statx, {
    ...{
      mask: STATX_BASIC,
      ino,
      nlink,
      uid,
      gid,
      size,
      blksize,
      blocks,
      atime,
      mtime,
      ctime,
      mode,
    },
    ...{ rdevMajor: rdev.major, rdevMinor: rdev.minor, devMajor: dev.major, devMinor: dev.minor },
  });
  return 0;
}

function writeStatfs(
  { kernel, task }: Caller,
  address: number,
  layout: StructLayout,
  sb: SuperBlock,
  size = layout.size,
): number {
  const { machine } = kernel;
  const isMemory = sb.type === 'tmpfs' || sb.type === 'ramfs';
  const total = isMemory ? Math.floor(machine.phys.ramFrames / 2) : 0;
  const free = Math.min(total, machine.phys.ramFrames - machine.phys.used);
  const bytes = layout.encode({
    type: MAGICS[sb.type] ?? 0,
    bsize: machine.pageSize,
    frsize: machine.pageSize,
    blocks: total,
    bfree: free,
    bavail: free,
    namelen: NAME_MAX,
    flags: sb.readOnly ? ST_RDONLY : 0,
  });
  task.space.write(address, bytes.subarray(0, size));
  return 0;
}

function access(caller: Caller, dirfd: number, path: number, mode: number, flags: number): number {
  const { process } = caller.task.group;
  if ((mode & ~7) !== 0) throw new SyscallError('EINVAL');
  onPathOrFile(caller, dirfd, path, flags, {
    onPath: (name) => {
      process.access(name, mode, (flags & AT_SYMLINK_NOFOLLOW) === 0);
    },
    onFile: () => undefined,
  });
  return 0;
}

function setattr(
  caller: Caller,
  dirfd: number,
  path: number,
  flags: number,
  attributes: Iattr,
): number {
  const { process } = caller.task.group;
  onPathOrFile(caller, dirfd, path, flags, {
    onPath: (name) => {
      process.setattr(name, attributes, (flags & AT_SYMLINK_NOFOLLOW) === 0);
    },
    onFile: (file) => {
      process.fsetattr(file, attributes);
    },
  });
  return 0;
}

function owners(uid: number, gid: number): Iattr {
  return { uid: uid === -1 ? undefined : uid >>> 0, gid: gid === -1 ? undefined : gid >>> 0 };
}

/** Compare fs/utimes.c:do_utimes(). */
function utimens(
  caller: Caller,
  dirfd: number,
  path: number,
  times: number,
  flags: number,
  layout: StructLayout,
): number {
  const { kernel, task } = caller;
  const now = kernel.clock.realtime.sec;
  const read = (index: number): number | undefined => {
    if (times === 0) return now;
    const bytes = task.space.readStruct(times + index * layout.size, layout);
    const nsec = layout.get(bytes, 'nsec');
    if (nsec === UTIME_NOW) return now;
    if (nsec === UTIME_OMIT) return undefined;
    if (nsec < 0 || nsec > 999_999_999) throw new SyscallError('EINVAL');
    return layout.get(bytes, 'sec');
  };
  const attributes = { atime: read(0), mtime: read(1) };
  if (path !== 0) return setattr(caller, dirfd, path, flags, attributes);
  task.group.process.fsetattr(fileOf(caller, dirfd), attributes);
  return 0;
}

const ownerCalls: CallTable = {
  fchownat: call('int path int int int', (caller, dirfd, path, uid, gid, flags) =>
    setattr(caller, dirfd, path, flags, owners(uid, gid)),
  ),
  fchown: call('int int int', (caller, fd, uid, gid) => {
    caller.task.group.process.fsetattr(fileOf(caller, fd), owners(uid, gid));
    return 0;
  }),
  chown: call('path int int', (caller, path, uid, gid) =>
    setattr(caller, AT_FDCWD, path, 0, owners(uid, gid)),
  ),
  lchown: call('path int int', (caller, path, uid, gid) =>
    setattr(caller, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, owners(uid, gid)),
  ),
};

export const metadataCalls: CallTable = {
  ...ownerCalls,
  fstat: call('int ptr', (caller, fd, address) =>
    writeStat(caller, address, caller.task.group.process.fstat(fileOf(caller, fd))),
  ),
  newfstatat: call('int path ptr int', (caller, dirfd, path, address, flags) =>
    writeStat(caller, address, statusAt(caller, dirfd, path, flags)),
  ),
  stat64: call('path ptr', (caller, path, address) =>
    writeStat(caller, address, statusAt(caller, AT_FDCWD, path, 0)),
  ),
  lstat64: call('path ptr', (caller, path, address) =>
    writeStat(caller, address, statusAt(caller, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW)),
  ),
  statx: call('int path int uint ptr', statx),
  statfs: call('path ptr', (caller, path, address) =>
    writeStatfs(caller, address, caller.kernel.abi.structs.statfs, mountedAt(caller, path)),
  ),
  fstatfs: call('int ptr', (caller, fd, address) =>
    writeStatfs(caller, address, caller.kernel.abi.structs.statfs, fileOf(caller, fd).inode.sb),
  ),
  statfs64: call('path size ptr', (caller, path, size, address) =>
    writeStatfs64(caller, size, address, mountedAt(caller, path)),
  ),
  fstatfs64: call('int size ptr', (caller, fd, size, address) =>
    writeStatfs64(caller, size, address, fileOf(caller, fd).inode.sb),
  ),
  faccessat: call('int path int', (caller, dirfd, path, mode) =>
    access(caller, dirfd, path, mode, 0),
  ),
  faccessat2: call('int path int int', access),
  access: call('path int', (caller, path, mode) => access(caller, AT_FDCWD, path, mode, 0)),
  fchmodat: call('int path int', (caller, dirfd, path, mode) =>
    setattr(caller, dirfd, path, 0, { mode: mode & 0o7777 }),
  ),
  fchmodat2: call('int path int int', (caller, dirfd, path, mode, flags) =>
    setattr(caller, dirfd, path, flags, { mode: mode & 0o7777 }),
  ),
  chmod: call('path int', (caller, path, mode) =>
    setattr(caller, AT_FDCWD, path, 0, { mode: mode & 0o7777 }),
  ),
  fchmod: call('int int', (caller, fd, mode) => {
    caller.task.group.process.fsetattr(fileOf(caller, fd), { mode: mode & 0o7777 });
    return 0;
  }),
  utimensat: call('int path ptr int', (caller, dirfd, path, times, flags) =>
    utimens(caller, dirfd, path, times, flags, caller.kernel.abi.structs.timespec),
  ),
  utimensat_time64: call('int path ptr int', (caller, dirfd, path, times, flags) =>
    utimens(caller, dirfd, path, times, flags, caller.kernel.abi.structs.timespec64),
  ),
};

function mountedAt(caller: Caller, path: number): SuperBlock {
  const name = fromDirectory(caller, AT_FDCWD, pathOf(caller, path));
  return caller.task.group.process.lookup(name).mount.sb;
}

function writeStatfs64(caller: Caller, size: number, address: number, sb: SuperBlock): number {
  const { statfs64 } = caller.kernel.abi.structs;
  if (size !== statfs64.size && size !== PACKED_STATFS64) throw new SyscallError('EINVAL');
  return writeStatfs(caller, address, statfs64, sb, size);
}
