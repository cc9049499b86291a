import { StructLayout, type Field } from './struct-layout.js';

/** Structures with the same fields on all architectures, but of different sizes. */
export interface Structs {
  readonly timespec: StructLayout;
  /** struct __kernel_timespec: 64 bits on all architectures. */
  readonly timespec64: StructLayout;
  readonly timeval: StructLayout;
  readonly itimerval: StructLayout;
  readonly statfs: StructLayout;
  readonly statfs64: StructLayout;
  readonly statx: StructLayout;
  readonly rusage: StructLayout;
  readonly sysinfo: StructLayout;
  readonly utsname: StructLayout;
  readonly termios: StructLayout;
  readonly winsize: StructLayout;
  readonly siginfo: StructLayout;
  readonly stack: StructLayout;
  readonly iovec: StructLayout;
  readonly pollfd: StructLayout;
  readonly rlimit: StructLayout;
  readonly rlimit64: StructLayout;
  readonly flock: StructLayout;
  readonly flock64: StructLayout;
  readonly tms: StructLayout;
  readonly cloneArgs: StructLayout;
  readonly sigsetArgument: StructLayout;
  readonly dirent64: StructLayout;
}

/** sizeof(utsname.sysname), its NUL included. */
export const UTSNAME_LENGTH = 65;

const TIMESTAMPS: readonly Field[] = ['atime', 'btime', 'ctime', 'mtime'].flatMap((name) => [
  [name, 's64'],
  [`${name}Nsec`, 'u32'],
  [`${name}Pad`, 's32'],
]);

const STATFS = ['blocks', 'bfree', 'bavail', 'files', 'ffree'] as const;

/** struct sysinfo ends in `char _f[20 - 2 * sizeof(long) - sizeof(int)]`, which is empty with 64 bits. */
function sysinfoPadding(pointerSize: 4 | 8): readonly Field[] {
  return pointerSize === 8 ? [] : [['f', 'u8', 8]];
}

function statfsFields(type: 'ulong' | 'u64'): readonly Field[] {
  return [
    ['type', 'ulong'],
    ['bsize', 'ulong'],
    ...STATFS.map((name): Field => [name, type]),
    ['fsid', 's32', 2],
    ['namelen', 'ulong'],
    ['frsize', 'ulong'],
    ['flags', 'ulong'],
    ['spare', 'ulong', 4],
  ];
}

const FLOCK_TAIL = (type: 'long' | 's64'): readonly Field[] => [
  ['type', 's16'],
  ['whence', 's16'],
  ['start', type],
  ['len', type],
  ['pid', 's32'],
];

/** Returns the structures of include/uapi for registers of `pointerSize` bytes. */
export function structsFor(pointerSize: 4 | 8): Structs {
  const struct = (...fields: readonly Field[]): StructLayout =>
    new StructLayout(fields, pointerSize);
  return {
    timespec: struct(['sec', 'long'], ['nsec', 'long']),
    timespec64: struct(['sec', 's64'], ['nsec', 's64']),
    timeval: struct(['sec', 'long'], ['usec', 'long']),
    itimerval: struct(
      ['intervalSec', 'long'],
      ['intervalUsec', 'long'],
      ['valueSec', 'long'],
      ['valueUsec', 'long'],
    ),
    statfs: struct(...statfsFields('ulong')),
    // On ARM the structure is packed to 4 bytes. That changes only its size: see arm.ts.
    statfs64: struct(...statfsFields('u64')),
    statx: struct(
      ['mask', 'u32'],
      ['blksize', 'u32'],
      ['attributes', 'u64'],
      ['nlink', 'u32'],
      ['uid', 'u32'],
      ['gid', 'u32'],
      ['mode', 'u16'],
      ['spare0', 'u16'],
      ['ino', 'u64'],
      ['size', 'u64'],
      ['blocks', 'u64'],
      ['attributesMask', 'u64'],
      ...TIMESTAMPS,
      ['rdevMajor', 'u32'],
      ['rdevMinor', 'u32'],
      ['devMajor', 'u32'],
      ['devMinor', 'u32'],
      ['mntId', 'u64'],
      ['dioMemAlign', 'u32'],
      ['dioOffsetAlign', 'u32'],
      ['spare3', 'u64', 12],
    ),
    rusage: struct(
      ['utimeSec', 'long'],
      ['utimeUsec', 'long'],
      ['stimeSec', 'long'],
      ['stimeUsec', 'long'],
      ['maxrss', 'long'],
      ['ixrss', 'long', 3],
      ['minflt', 'long'],
      ['majflt', 'long'],
      ['rest', 'long', 8],
    ),
    sysinfo: struct(
      ['uptime', 'long'],
      ['loads', 'ulong', 3],
      ['totalram', 'ulong'],
      ['freeram', 'ulong'],
      ['sharedram', 'ulong'],
      ['bufferram', 'ulong'],
      ['totalswap', 'ulong'],
      ['freeswap', 'ulong'],
      ['procs', 'u16'],
      ['pad', 'u16'],
      ['totalhigh', 'ulong'],
      ['freehigh', 'ulong'],
      ['memUnit', 'u32'],
      ...sysinfoPadding(pointerSize),
    ),
    utsname: struct(
      ...['sysname', 'nodename', 'release', 'version', 'machine', 'domainname'].map(
        (name): Field => [name, 'u8', UTSNAME_LENGTH],
      ),
    ),
    termios: struct(
      ['iflag', 'u32'],
      ['oflag', 'u32'],
      ['cflag', 'u32'],
      ['lflag', 'u32'],
      ['line', 'u8'],
      ['cc', 'u8', 19],
    ),
    winsize: struct(['row', 'u16'], ['col', 'u16'], ['xpixel', 'u16'], ['ypixel', 'u16']),
    siginfo: struct(
      ['signo', 's32'],
      ['errno', 's32'],
      ['code', 's32'],
      // The union is aligned as a pointer.
      ...(pointerSize === 8 ? ([['pad', 's32']] as const) : []),
      ['pid', 's32'],
      ['uid', 's32'],
      ['status', 's32'],
      ['rest', 'u8', pointerSize === 8 ? 100 : 104],
    ),
    stack: struct(['sp', 'ptr'], ['flags', 's32'], ['size', 'ulong']),
    iovec: struct(['base', 'ptr'], ['len', 'ulong']),
    pollfd: struct(['fd', 's32'], ['events', 's16'], ['revents', 's16']),
    rlimit: struct(['cur', 'ulong'], ['max', 'ulong']),
    rlimit64: struct(['cur', 'u64'], ['max', 'u64']),
    flock: struct(...FLOCK_TAIL('long')),
    flock64: struct(...FLOCK_TAIL('s64')),
    tms: struct(['utime', 'long'], ['stime', 'long'], ['cutime', 'long'], ['cstime', 'long']),
    cloneArgs: struct(
      ...[
        'flags',
        'pidfd',
        'childTid',
        'parentTid',
        'exitSignal',
        'stack',
        'stackSize',
        'tls',
        'setTid',
        'setTidSize',
        'cgroup',
      ].map((name): Field => [name, 'u64']),
    ),
    sigsetArgument: struct(['sigmask', 'ptr'], ['size', 'ulong']),
    dirent64: struct(['ino', 'u64'], ['off', 's64'], ['reclen', 'u16'], ['type', 'u8']),
  };
}
