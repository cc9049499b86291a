import type { LinuxKernel } from '../kernel/kernel.js';
import type { Task } from '../kernel/task.js';
import type { ThreadGroup } from '../kernel/thread-group.js';
import {
  CLD_CONTINUED,
  SIGCHLD,
  SIGCONT,
  SIGKILL,
  SIGSTOP,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  defaultAction,
} from './numbers.js';
import { SA_NOCLDSTOP, UNBLOCKABLE, bitOf, type SignalInfo } from './signal-state.js';

const STOPS = [SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU] as const;

/** Sends a signal to a process. Any of its threads that does not block it may get it. */
export function sendToGroup(kernel: LinuxKernel, group: ThreadGroup, info: SignalInfo): void {
  if (!prepareSignal(kernel, group, info)) return;
  const isBlocked = [...group.tasks].every(({ blocked }) => (blocked & bitOf(info.signal)) !== 0n);
  if (!isBlocked && group.handlers.ignores(info.signal)) return;
  group.pending.add(info);
  kernel.activity += 1;
}

/** Sends a signal to one thread: tgkill(2). */
export function sendToTask(kernel: LinuxKernel, task: Task, info: SignalInfo): void {
  const { group } = task;
  if (!prepareSignal(kernel, group, info)) return;
  const isBlocked = (task.blocked & bitOf(info.signal)) !== 0n;
  if (!isBlocked && group.handlers.ignores(info.signal)) return;
  task.pending.add(info);
  kernel.activity += 1;
}

/**
 * Sends a signal that cannot be delayed: a fault. If the thread blocks or ignores it, the default
 * action applies. Compare kernel/signal.c:force_sig_info_to_task().
 */
export function forceSignal(task: Task, info: SignalInfo): void {
  const { handlers } = task.group;
  const bit = bitOf(info.signal);
  if ((task.blocked & bit) !== 0n || handlers.ignores(info.signal)) {
    handlers.set(info.signal, { handler: 0, flags: 0, restorer: 0, mask: 0n });
    task.blocked &= ~bit;
  }
  task.pending.add(info);
}

/** Does what a signal does to a stopped process at once. @returns false if the process has ended. */
function prepareSignal(kernel: LinuxKernel, group: ThreadGroup, { signal }: SignalInfo): boolean {
  if (group.exit !== undefined) return false;
  if (defaultAction(signal) === 'stop') removeFromAll(group, SIGCONT);
  if (signal === SIGCONT) removeFromAll(group, ...STOPS);
  if ((signal === SIGCONT || signal === SIGKILL) && group.stopped !== undefined) {
    group.stopped = undefined;
    group.continued = true;
    kernel.activity += 1;
    notifyParent(kernel, group, CLD_CONTINUED, SIGCONT);
  }
  return true;
}

function removeFromAll(group: ThreadGroup, ...signals: readonly number[]): void {
  group.pending.remove(...signals);
  for (const { pending } of group.tasks) pending.remove(...signals);
}

/**
 * Tells a parent that a child has stopped or continues. Compare
 * kernel/signal.c:do_notify_parent_cldstop().
 */
export function notifyParent(
  kernel: LinuxKernel,
  { parent, pid }: ThreadGroup,
  code: number,
  status: number,
): void {
  if (parent === undefined) return;
  kernel.activity += 1;
  if ((parent.handlers.get(SIGCHLD).flags & SA_NOCLDSTOP) !== 0) return;
  sendToGroup(kernel, parent, { signal: SIGCHLD, code, pid, status });
}

/** Returns a mask without the signals that cannot be blocked. */
export function blockable(mask: bigint): bigint {
  return mask & ~UNBLOCKABLE;
}
