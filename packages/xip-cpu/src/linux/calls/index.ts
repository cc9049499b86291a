import { call, type SystemCall } from './call.js';
import { directoryCalls } from './directories.js';
import { epollCalls } from './epoll.js';
import { eventfdCalls } from './eventfd.js';
import { fileCalls } from './files.js';
import { futexCalls } from './futex.js';
import { identityCalls } from './identity.js';
import { memoryCalls } from './memory.js';
import { metadataCalls } from './metadata.js';
import { pollingCalls } from './polling.js';
import { priorityCalls } from './priority.js';
import { processCalls } from './processes.js';
import { readWriteCalls } from './read-write.js';
import { signalCalls } from './signals.js';
import { systemCalls } from './system.js';
import { terminalCalls } from './terminal.js';
import { timeCalls } from './time.js';
import { timerfdCalls } from './timerfd.js';

/**
 * Other names of calls: names that only 32-bit architectures use, and calls with the same effect.
 */
const ALIASES: Readonly<Record<string, string>> = {
  _llseek: 'llseek',
  fcntl64: 'fcntl',
  fstat64: 'fstat',
  fstatat64: 'newfstatat',
  fdatasync: 'fsync',
  ugetrlimit: 'getrlimit',
  chown32: 'chown',
  lchown32: 'lchown',
  fchown32: 'fchown',
  ...Object.fromEntries(
    'getuid geteuid getgid getegid setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups getgroups getresuid getresgid'
      .split(' ')
      .map((name) => [`${name}32`, name]),
  ),
};

const TABLE: Readonly<Record<string, SystemCall>> = {
  ...directoryCalls,
  ...epollCalls,
  ...eventfdCalls,
  ...fileCalls,
  ...futexCalls,
  ...identityCalls,
  ...memoryCalls,
  ...metadataCalls,
  ...pollingCalls,
  ...priorityCalls,
  ...processCalls,
  ...readWriteCalls,
  ...signalCalls,
  ...systemCalls,
  ...terminalCalls,
  ...timeCalls,
  ...timerfdCalls,
  // The advice comes before the offsets in this call; both are ignored.
  arm_fadvise64_64: call('int', () => 0),
  fadvise64_64: call('int', () => 0),
};

/**
 * All system calls that are implemented, by their names in the tables of numbers. Any other is
 * ENOSYS.
 */
export const SYSTEM_CALLS: ReadonlyMap<string, SystemCall> = new Map([
  ...Object.entries(TABLE),
  ...Object.entries(ALIASES).map(([alias, name]): [string, SystemCall] => [alias, TABLE[name]!]),
]);
