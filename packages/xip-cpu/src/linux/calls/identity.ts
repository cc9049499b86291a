import { SyscallError } from 'xip-emu';
import type { ThreadGroup } from '../kernel/thread-group.js';
import { call, type CallTable, type Caller, type SystemCall } from './call.js';

/** All processes belong to root. */
const root = call('', () => 0);

function threeIds(): SystemCall {
  return call('ptr ptr ptr', ({ task }, real, effective, saved) => {
    for (const address of [real, effective, saved]) task.space.writeInt32(address, 0);
    return 0;
  });
}

function groupOf({ kernel, task }: Caller, pid: number): ThreadGroup {
  const group = pid === 0 ? task.group : kernel.groups.get(pid);
  if (group === undefined) throw new SyscallError('ESRCH');
  return group;
}

/** Compare kernel/sys.c:SYSCALL_DEFINE2(setpgid). */
function setpgid(caller: Caller, pid: number, pgid: number): number {
  if (pgid < 0) throw new SyscallError('EINVAL');
  const { group: own } = caller.task;
  const group = groupOf(caller, pid);
  if (group !== own && group.parent !== own) throw new SyscallError('ESRCH');
  if (group.session === group.pid) throw new SyscallError('EPERM');
  const wanted = pgid === 0 ? group.pid : pgid;
  const exists = [...caller.kernel.groups.values()].some(
    ({ processGroup, session }) => processGroup === wanted && session === own.session,
  );
  if (wanted !== group.pid && !exists) throw new SyscallError('EPERM');
  group.processGroup = wanted;
  return 0;
}

export const identityCalls: CallTable = {
  getuid: root,
  geteuid: root,
  getgid: root,
  getegid: root,
  setuid: root,
  setgid: root,
  setreuid: root,
  setregid: root,
  setresuid: root,
  setresgid: root,
  setfsuid: root,
  setfsgid: root,
  setgroups: root,
  getgroups: root,
  getresuid: threeIds(),
  getresgid: threeIds(),
  getpid: call('', ({ task }) => task.group.pid),
  gettid: call('', ({ task }) => task.tid),
  getppid: call('', ({ task }) => task.group.parent?.pid ?? 0),
  getpgid: call('int', (caller, pid) => groupOf(caller, pid).processGroup),
  getpgrp: call('', ({ task }) => task.group.processGroup),
  setpgid: call('int int', setpgid),
  getsid: call('int', (caller, pid) => groupOf(caller, pid).session),
  setsid: call('', ({ task, kernel }) => {
    const { group } = task;
    const leads = [...kernel.groups.values()].some(
      ({ processGroup }) => processGroup === group.pid,
    );
    if (leads) throw new SyscallError('EPERM');
    group.session = group.pid;
    group.processGroup = group.pid;
    return group.pid;
  }),
  umask: call('int', ({ task }, mask) => {
    const { fs } = task.group;
    const old = fs.umask;
    fs.umask = mask & 0o777;
    return old;
  }),
  personality: call('uint', () => 0),
};
