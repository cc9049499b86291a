import { nameToBytes } from 'cramfs-format';
import { SyscallError, isSyscallError } from 'xip-emu';
import { UTSNAME_LENGTH } from '../abi/structs.js';
import { KERNEL_RELEASE, KERNEL_VERSION } from '../fs/kernel-version.js';
import type { ResourceLimit } from '../kernel/thread-group.js';
import { call, type CallTable, type Caller } from './call.js';
import { writeUsage } from './resource-usage.js';

// include/uapi/asm-generic/resource.h
const RLIMIT_STACK = 3;
const RLIMIT_CORE = 4;
const RLIMIT_NOFILE = 7;
const RLIM_NLIMITS = 16;
const STACK_LIMIT = 8 << 20;
const FILES_LIMIT = 4096;
const RLIM64_INFINITY = 2n ** 64n - 1n;
// include/uapi/linux/prctl.h
const PR_SET_PDEATHSIG = 1;
const PR_SET_NAME = 15;
const PR_GET_NAME = 16;
const NAME_LENGTH = 16;
// include/uapi/linux/random.h
const GRND_NONBLOCK = 1;
const GRND_RANDOM = 2;
const GRND_INSECURE = 4;
/** The most random bytes that one call returns. */
const RANDOM_LIMIT = 1 << 20;
const RUSAGE_CHILDREN = -1;

function uname({ kernel, task }: Caller, address: number): number {
  const { host, abi } = kernel;
  const text = (value: string): Uint8Array => {
    const bytes = new Uint8Array(UTSNAME_LENGTH);
    bytes.set(nameToBytes(value).subarray(0, UTSNAME_LENGTH - 1));
    return bytes;
  };
  task.space.writeStruct(address, abi.structs.utsname, {
    sysname: text('Linux'),
    nodename: text(host.name),
    release: text(KERNEL_RELEASE),
    version: text(KERNEL_VERSION),
    machine: text(abi.machine),
    domainname: text(host.domain),
  });
  return 0;
}

function sysinfo({ kernel, task }: Caller, address: number): number {
  const { machine, clock, groups } = kernel;
  const { phys, pageSize } = machine;
  task.space.writeStruct(address, kernel.abi.structs.sysinfo, {
    uptime: Math.floor(clock.now / 1e9),
    totalram: phys.ramFrames,
    freeram: phys.ramFrames - phys.used,
    procs: groups.size,
    memUnit: pageSize,
  });
  return 0;
}

function limitOf({ task }: Caller, resource: number): ResourceLimit {
  const known = task.group.limits.get(resource);
  if (known !== undefined) return known;
  if (resource === RLIMIT_NOFILE) return { cur: task.group.fds.limit, max: FILES_LIMIT };
  if (resource === RLIMIT_STACK) return { cur: STACK_LIMIT, max: Infinity };
  return { cur: resource === RLIMIT_CORE ? 0 : Infinity, max: Infinity };
}

function setLimit(caller: Caller, resource: number, limit: ResourceLimit): void {
  if (limit.cur > limit.max) throw new SyscallError('EINVAL');
  caller.task.group.limits.set(resource, limit);
  if (resource === RLIMIT_NOFILE) caller.task.group.fds.limit = limit.cur;
}

function checkResource(resource: number): void {
  if (resource >= RLIM_NLIMITS) throw new SyscallError('EINVAL');
}

/** Compare kernel/sys.c:SYSCALL_DEFINE4(prlimit64). */
function prlimit64(
  caller: Caller,
  pid: number,
  resource: number,
  given: number,
  old: number,
): number {
  const { task, kernel } = caller;
  const { rlimit64 } = kernel.abi.structs;
  checkResource(resource);
  if (pid !== 0 && pid !== task.group.pid) throw new SyscallError('ESRCH');
  const { cur, max } = limitOf(caller, resource);
  const bits = (value: number): bigint => (value === Infinity ? RLIM64_INFINITY : BigInt(value));
  const value = (read: number): number => (read >= 2 ** 63 ? Infinity : read);
  if (given !== 0) {
    const bytes = task.space.readStruct(given, rlimit64);
    setLimit(caller, resource, {
      cur: value(rlimit64.get(bytes, 'cur')),
      max: value(rlimit64.get(bytes, 'max')),
    });
  }
  if (old !== 0) task.space.writeStruct(old, rlimit64, { cur: bits(cur), max: bits(max) });
  return 0;
}

function getrlimit(caller: Caller, resource: number, address: number): number {
  const { abi } = caller.kernel;
  checkResource(resource);
  const { cur, max } = limitOf(caller, resource);
  const infinity = abi.pointerSize === 8 ? RLIM64_INFINITY : 0xffffffffn;
  const bits = (value: number): bigint => (value === Infinity ? infinity : BigInt(value));
  caller.task.space.writeStruct(address, abi.structs.rlimit, { cur: bits(cur), max: bits(max) });
  return 0;
}

function setrlimit(caller: Caller, resource: number, address: number): number {
  const { rlimit } = caller.kernel.abi.structs;
  checkResource(resource);
  const bytes = caller.task.space.readStruct(address, rlimit);
  const value = (read: number): number => (read >= 0xffffffff ? Infinity : read);
  setLimit(caller, resource, {
    cur: value(rlimit.get(bytes, 'cur')),
    max: value(rlimit.get(bytes, 'max')),
  });
  return 0;
}

function prctl({ task }: Caller, option: number, argument: number): number {
  switch (option) {
    case PR_SET_NAME:
      task.name = readName(
        () => task.space.string(argument, NAME_LENGTH),
        () => task.space.read(argument, NAME_LENGTH - 1),
      );
      return 0;
    case PR_GET_NAME: {
      const bytes = new Uint8Array(NAME_LENGTH);
      bytes.set(nameToBytes(task.name).subarray(0, NAME_LENGTH - 1));
      task.space.write(argument, bytes);
      return 0;
    }
    case PR_SET_PDEATHSIG:
      return 0;
    default:
      throw new SyscallError('EINVAL', `prctl ${option}`);
  }
}

/** Reads a name for prctl(2). A name that is too long is cut off. */
function readName(read: () => string, cut: () => Uint8Array): string {
  try {
    return read();
  } catch (error) {
    if (!isSyscallError(error, 'ENAMETOOLONG')) throw error;
    return String.fromCharCode(...cut());
  }
}

const schedulerCalls: CallTable = {
  sched_yield: call('', () => 0),
  sched_getscheduler: call('int', () => 0),
  sched_getparam: call('int ptr', ({ task }, _pid, address) => {
    task.space.writeInt32(address, 0);
    return 0;
  }),
  sched_get_priority_max: call('int', () => 0),
  sched_get_priority_min: call('int', () => 0),
  sched_setaffinity: call('int uint ptr', () => 0),
  sched_getaffinity: call('int uint ptr', ({ kernel, task }, _pid, size, address) => {
    const { pointerSize } = kernel.abi;
    if (size < pointerSize) throw new SyscallError('EINVAL');
    task.space.writeWord(address, 1, pointerSize);
    return pointerSize;
  }),
  getcpu: call('ptr ptr ptr', ({ task }, cpu, node) => {
    for (const address of [cpu, node]) if (address !== 0) task.space.writeInt32(address, 0);
    return 0;
  }),
};

/** Compare drivers/char/random.c:SYSCALL_DEFINE3(getrandom). */
function getrandom(
  { kernel: { random }, task }: Caller,
  address: number,
  length: number,
  flags: number,
): number {
  if ((flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) !== 0) {
    throw new SyscallError('EINVAL');
  }
  const isInsecure = (flags & GRND_INSECURE) !== 0;
  if (isInsecure && (flags & GRND_RANDOM) !== 0) throw new SyscallError('EINVAL');
  if (!random.isReady && !isInsecure) {
    if ((flags & GRND_NONBLOCK) !== 0) throw new SyscallError('EAGAIN');
    random.gatherEntropy();
  }
  const bytes = new Uint8Array(Math.min(length, RANDOM_LIMIT));
  random.fill(bytes);
  task.space.write(address, bytes);
  return bytes.length;
}

export const systemCalls: CallTable = {
  ...schedulerCalls,
  uname: call('ptr', uname),
  sethostname: call('ptr size', ({ kernel, task }, address, length) => {
    if (length >= UTSNAME_LENGTH) throw new SyscallError('EINVAL');
    kernel.host.name = String.fromCharCode(...task.space.read(address, length));
    return 0;
  }),
  sysinfo: call('ptr', sysinfo),
  getrandom: call('ptr size uint', getrandom),
  getrusage: call('int ptr', (caller, who, address) => {
    const { instructions, childInstructions } = caller.task.group;
    writeUsage(caller, address, who === RUSAGE_CHILDREN ? childInstructions : instructions);
    return 0;
  }),
  prlimit64: call('int uint ptr ptr', prlimit64),
  getrlimit: call('uint ptr', getrlimit),
  setrlimit: call('uint ptr', setrlimit),
  prctl: call('int ptr', prctl),
  mount: call('path path path size ptr', ({ kernel, task }, source, target, type, _flags, data) => {
    const text = (address: number): string => (address === 0 ? '' : task.space.string(address));
    const at = task.group.process.lookup(text(target)).path;
    kernel.mountByName(text(type), text(source), at, text(data));
    return 0;
  }),
  umount2: call('path int', ({ kernel, task }, target) => {
    kernel.machine.umount(task.group.process.lookup(task.space.string(target)).path);
    return 0;
  }),
};
