import { SyscallError } from 'xip-emu';
import { reap } from '../kernel/exit.js';
import type { Outcome } from '../kernel/outcome.js';
import type { ThreadGroup } from '../kernel/thread-group.js';
import {
  CLD_CONTINUED,
  CLD_EXITED,
  CLD_KILLED,
  CLD_STOPPED,
  SIGCHLD,
  SIGCONT,
} from '../signals/numbers.js';
import { call, type CallTable, type Caller } from './call.js';
import { writeUsage } from './resource-usage.js';

// include/uapi/linux/wait.h
const WNOHANG = 1;
const WSTOPPED = 2;
const WEXITED = 4;
const WCONTINUED = 8;
const WNOWAIT = 0x01000000;
const P_ALL = 0;
const P_PID = 1;
const P_PGID = 2;

/** A change of a child's state that wait(2) reports. */
interface ChildState {
  readonly group: ThreadGroup;
  readonly code: number;
  /** The exit status, or the number of the signal. */
  readonly value: number;
}

/** Compare kernel/exit.c:wait_consider_task(). */
function stateOf(group: ThreadGroup, options: number): ChildState | undefined {
  const { exit, stopped, continued } = group;
  if (exit !== undefined) {
    if ((options & WEXITED) === 0) return undefined;
    return exit.kind === 'exited'
      ? { group, code: CLD_EXITED, value: exit.status }
      : { group, code: CLD_KILLED, value: exit.signal };
  }
  if (stopped !== undefined && !stopped.told && (options & WSTOPPED) !== 0) {
    return { group, code: CLD_STOPPED, value: stopped.signal };
  }
  if (continued && (options & WCONTINUED) !== 0) {
    return { group, code: CLD_CONTINUED, value: SIGCONT };
  }
  return undefined;
}

function consume(caller: Caller, { group, code }: ChildState): void {
  if (code === CLD_STOPPED) group.stopped = { ...group.stopped!, told: true };
  else if (code === CLD_CONTINUED) group.continued = false;
  else reap(caller.kernel, group);
}

/** Waits for one of the children that `isMeant` selects; `take` makes the result. */
function waitForChild(
  caller: Caller,
  isMeant: (child: ThreadGroup) => boolean,
  options: number,
  take: (state: ChildState | undefined) => number,
): Outcome {
  const { group } = caller.task;
  const attempt = (): number | undefined => {
    const candidates = [...group.children].filter(isMeant);
    if (candidates.length === 0) throw new SyscallError('ECHILD');
    for (const child of candidates) {
      const state = stateOf(child, options);
      if (state === undefined) continue;
      const result = take(state);
      if ((options & WNOWAIT) === 0) consume(caller, state);
      return result;
    }
    return (options & WNOHANG) === 0 ? undefined : take(undefined);
  };
  const result = attempt();
  if (result !== undefined) return result;
  return { waits: 'wait for a child', restarts: true, attempt };
}

function statusWord({ code, value }: ChildState): number {
  if (code === CLD_EXITED) return value << 8;
  if (code === CLD_STOPPED) return (value << 8) | 0x7f;
  return code === CLD_CONTINUED ? 0xffff : value;
}

/** Compare kernel/exit.c:kernel_wait4(). */
function wait4(
  caller: Caller,
  pid: number,
  statusAt: number,
  options: number,
  usageAt: number,
): Outcome {
  const { task } = caller;
  const { group } = task;
  const processGroup = pid === 0 ? group.processGroup : -pid;
  const isMeant = (child: ThreadGroup): boolean =>
    pid === -1 || (pid > 0 ? child.pid === pid : child.processGroup === processGroup);
  return waitForChild(caller, isMeant, options | WEXITED, (state) => {
    if (state === undefined) return 0;
    if (statusAt !== 0) task.space.writeInt32(statusAt, statusWord(state));
    if (usageAt !== 0) writeUsage(caller, usageAt, state.group.instructions);
    return state.group.pid;
  });
}

function waitid(
  caller: Caller,
  type: number,
  id: number,
  infoAt: number,
  options: number,
  usageAt: number,
): Outcome {
  const { task, kernel } = caller;
  if (type > P_PGID || (options & (WEXITED | WSTOPPED | WCONTINUED)) === 0) {
    throw new SyscallError('EINVAL');
  }
  const isMeant = (child: ThreadGroup): boolean =>
    type === P_ALL || (type === P_PID ? child.pid === id : child.processGroup === id);
  return waitForChild(caller, isMeant, options, (state) => {
    const { siginfo } = kernel.abi.structs;
    const { code = 0, value: status = 0, group } = state ?? {};
    const pid = group?.pid ?? 0;
    const signo = state === undefined ? 0 : SIGCHLD;
    if (infoAt !== 0) task.space.writeStruct(infoAt, siginfo, { signo, code, pid, status });
    if (usageAt !== 0 && group !== undefined) writeUsage(caller, usageAt, group.instructions);
    return 0;
  });
}

export const waitCalls: CallTable = {
  wait4: call('int ptr int ptr', wait4),
  waitid: call('int int ptr int ptr', waitid),
};
