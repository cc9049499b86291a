import { SyscallError } from 'xip-emu';
import type { Task } from '../kernel/task.js';
import { REGISTERS_SET, type Outcome } from '../kernel/outcome.js';
import type { ThreadGroup } from '../kernel/thread-group.js';
import { SS_DISABLE, SS_ONSTACK, encodeStack, isOnStack } from '../signals/frame.js';
import {
  SIGKILL,
  SIGNAL_LIMIT,
  SIGSEGV,
  SIGSTOP,
  SI_KERNEL,
  SI_TKILL,
  SI_USER,
} from '../signals/numbers.js';
import { blockable, forceSignal, sendToGroup, sendToTask } from '../signals/send.js';
import type { SignalAction } from '../signals/signal-state.js';
import { call, type CallTable, type Caller } from './call.js';

const SIGSET_SIZE = 8;
const SIG_BLOCK = 0;
const SIG_UNBLOCK = 1;
const SIG_SETMASK = 2;
/** MINSIGSTKSZ */
const LEAST_STACK = 2048;

function checkSignal(signal: number): void {
  if (signal < 1 || signal > SIGNAL_LIMIT) throw new SyscallError('EINVAL');
}

function checkSize(size: number): void {
  if (size !== SIGSET_SIZE) throw new SyscallError('EINVAL');
}

/** Compare kernel/signal.c:do_sigaction(). */
function sigaction(
  { kernel, task }: Caller,
  signal: number,
  action: number,
  old: number,
  size: number,
): number {
  checkSize(size);
  checkSignal(signal);
  const { abi } = kernel;
  const { handlers, pending } = task.group;
  const before = handlers.get(signal);
  const given = action === 0 ? undefined : task.space.readStruct(action, abi.sigaction);
  if (given !== undefined && (signal === SIGKILL || signal === SIGSTOP)) {
    throw new SyscallError('EINVAL');
  }
  if (old !== 0) {
    const mask = new Uint8Array(SIGSET_SIZE);
    new DataView(mask.buffer).setBigUint64(0, before.mask, true);
    const { handler, flags, restorer } = before;
    const values = abi.name === 'arm' ? { restorer } : {};
    task.space.writeStruct(old, abi.sigaction, { handler, flags, mask, ...values });
  }
  if (given === undefined) return 0;
  handlers.set(signal, decodeAction(kernel.abi.name === 'arm', given, abi.sigaction));
  if (handlers.ignores(signal)) {
    pending.remove(signal);
    for (const { pending: own } of task.group.tasks) own.remove(signal);
  }
  return 0;
}

function decodeAction(
  hasRestorer: boolean,
  bytes: Uint8Array,
  layout: Caller['kernel']['abi']['sigaction'],
): SignalAction {
  const mask = layout.part(bytes, 'mask');
  return {
    handler: layout.get(bytes, 'handler'),
    flags: layout.get(bytes, 'flags'),
    restorer: hasRestorer ? layout.get(bytes, 'restorer') : 0,
    mask: blockable(new DataView(mask.slice().buffer).getBigUint64(0, true)),
  };
}

function sigprocmask(
  { task }: Caller,
  how: number,
  set: number,
  old: number,
  size: number,
): number {
  checkSize(size);
  const before = task.blocked;
  if (set !== 0) {
    const given = blockable(task.space.readBits64(set));
    if (how === SIG_BLOCK) task.blocked |= given;
    else if (how === SIG_UNBLOCK) task.blocked &= ~given;
    else if (how === SIG_SETMASK) task.blocked = given;
    else throw new SyscallError('EINVAL');
  }
  if (old !== 0) task.space.writeBits64(old, before);
  return 0;
}

/** Waits with another mask until the handler of a signal has run. */
function suspend(task: Task, mask: bigint): Outcome {
  task.savedMask = task.blocked;
  task.blocked = blockable(mask);
  return { waits: 'a signal', restarts: false, attempt: () => undefined };
}

/** Compare kernel/signal.c:SYSCALL_DEFINE4(rt_sigtimedwait). */
function sigtimedwait(
  { kernel, task }: Caller,
  set: number,
  infoAt: number,
  timeout: number,
  size: number,
  layout: Caller['kernel']['abi']['structs']['timespec'],
): Outcome {
  checkSize(size);
  const wanted = task.space.readBits64(set);
  const attempt = (): number | undefined => {
    const info = task.pending.take(~wanted) ?? task.group.pending.take(~wanted);
    if (info === undefined) return undefined;
    const { signal: signo, code, pid = 0, status = 0 } = info;
    if (infoAt !== 0) {
      task.space.writeStruct(infoAt, kernel.abi.structs.siginfo, { signo, code, pid, status });
    }
    return signo;
  };
  const found = attempt();
  if (found !== undefined) return found;
  const time = timeout === 0 ? undefined : task.space.readStruct(timeout, layout);
  const length = time && layout.get(time, 'sec') * 1e9 + layout.get(time, 'nsec');
  return {
    waits: 'a signal',
    restarts: false,
    attempt,
    deadline: length === undefined ? undefined : kernel.clock.now + length,
    expired() {
      throw new SyscallError('EAGAIN');
    },
  };
}

/** Compare kernel/signal.c:kill_something_info(). */
function kill({ kernel, task }: Caller, pid: number, signal: number): number {
  if (signal < 0 || signal > SIGNAL_LIMIT) throw new SyscallError('EINVAL');
  const { group } = task;
  const isMeant = (other: ThreadGroup): boolean => {
    if (pid > 0) return other.pid === pid;
    if (pid === -1) return other !== kernel.firstGroup && other !== group;
    return other.processGroup === (pid === 0 ? group.processGroup : -pid);
  };
  const targets = [...kernel.groups.values()].filter(isMeant);
  if (targets.length === 0) throw new SyscallError('ESRCH');
  if (signal === 0) return 0;
  for (const target of targets) {
    sendToGroup(kernel, target, { signal, code: SI_USER, pid: group.pid });
  }
  return 0;
}

function tgkill({ kernel, task }: Caller, tgid: number, tid: number, signal: number): number {
  if (signal < 0 || signal > SIGNAL_LIMIT || tid <= 0) throw new SyscallError('EINVAL');
  const target = kernel.tasks.find((other) => other.tid === tid);
  if (target === undefined || (tgid > 0 && target.group.pid !== tgid)) {
    throw new SyscallError('ESRCH');
  }
  if (signal !== 0) sendToTask(kernel, target, { signal, code: SI_TKILL, pid: task.group.pid });
  return 0;
}

/** Compare kernel/signal.c:do_sigaltstack(). */
function sigaltstack({ kernel, task }: Caller, given: number, old: number): number {
  const { abi, processor } = kernel;
  const sp = processor.readUnsigned(abi.registers.stack);
  const { stack } = abi.structs;
  const bytes = given === 0 ? undefined : task.space.readStruct(given, stack);
  const before = encodeStack(abi, task, sp);
  if (bytes !== undefined) {
    if (isOnStack(task.altStack, sp)) throw new SyscallError('EPERM');
    const flags = stack.get(bytes, 'flags');
    const size = stack.get(bytes, 'size');
    const mode = flags & (SS_ONSTACK | SS_DISABLE);
    if (mode === SS_DISABLE) task.altStack = { sp: 0, size: 0, flags: SS_DISABLE };
    else if (size < LEAST_STACK) throw new SyscallError('ENOMEM');
    else task.altStack = { sp: stack.get(bytes, 'sp'), size, flags: 0 };
  }
  if (old !== 0) task.space.write(old, before);
  return 0;
}

/**
 * Returns from a handler. A frame that cannot be read kills the process: arch/.../kernel/signal.c,
 * `badframe`.
 */
function sigreturn({ kernel, task }: Caller, isRt: boolean): Outcome {
  try {
    kernel.abi.signalFrame.pop(kernel, task, isRt);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    forceSignal(task, { signal: SIGSEGV, code: SI_KERNEL });
  }
  return REGISTERS_SET;
}

export const signalCalls: CallTable = {
  rt_sigaction: call('int ptr ptr size', sigaction),
  rt_sigprocmask: call('int ptr ptr size', sigprocmask),
  rt_sigpending: call('ptr size', ({ task }, set, size) => {
    checkSize(size);
    task.space.writeBits64(set, task.pendingSet & task.blocked);
    return 0;
  }),
  rt_sigsuspend: call('ptr size', ({ task }, set, size) => {
    checkSize(size);
    return suspend(task, task.space.readBits64(set));
  }),
  pause: call('', ({ task }) => suspend(task, task.blocked)),
  rt_sigtimedwait: call('ptr ptr ptr size', (caller, set, info, timeout, size) =>
    sigtimedwait(caller, set, info, timeout, size, caller.kernel.abi.structs.timespec),
  ),
  rt_sigtimedwait_time64: call('ptr ptr ptr size', (caller, set, info, timeout, size) =>
    sigtimedwait(caller, set, info, timeout, size, caller.kernel.abi.structs.timespec64),
  ),
  rt_sigreturn: call('', (caller) => sigreturn(caller, true)),
  sigreturn: call('', (caller) => sigreturn(caller, false)),
  rt_sigqueueinfo: call('int int ptr', (caller, pid, signal) => {
    checkSignal(signal);
    return kill(caller, pid, signal);
  }),
  sigaltstack: call('ptr ptr', sigaltstack),
  kill: call('int int', kill),
  tkill: call('int int', (caller, tid, signal) => tgkill(caller, 0, tid, signal)),
  tgkill: call('int int int', tgkill),
  restart_syscall: call('', () => {
    throw new SyscallError('EINTR');
  }),
};

/** Sets another signal mask while a task waits: pselect6(2), ppoll(2). */
export function maskWhileWaiting({ task }: Caller, address: number): void {
  if (address === 0) return;
  task.savedMask = task.blocked;
  task.blocked = blockable(task.space.readBits64(address));
}
