import { CLD_EXITED, CLD_KILLED, SIGCHLD } from '../signals/numbers.js';
import { sendToGroup } from '../signals/send.js';
import type { LinuxKernel } from './kernel.js';
import type { Task } from './task.js';
import type { ExitState, ThreadGroup } from './thread-group.js';
import { wakeAddress } from './futex-queue.js';

/** exit(2): ends one thread. The last one ends the process. */
export function exitTask(kernel: LinuxKernel, task: Task, status: number): void {
  const { group } = task;
  clearChildTid(kernel, task);
  group.tasks.delete(task);
  kernel.removeTask(task);
  if (group.tasks.size === 0) endGroup(kernel, group, { kind: 'exited', status });
}

/** exit_group(2), and the end by a signal: ends all threads. */
export function exitGroup(kernel: LinuxKernel, group: ThreadGroup, state: ExitState): void {
  for (const task of [...group.tasks]) {
    clearChildTid(kernel, task);
    group.tasks.delete(task);
    kernel.removeTask(task);
  }
  endGroup(kernel, group, state);
}

/** Compare kernel/exit.c:do_exit(), exit_notify(). */
function endGroup(kernel: LinuxKernel, group: ThreadGroup, state: ExitState): void {
  group.exit = state;
  group.alarm = undefined;
  group.stopped = undefined;
  group.borrowsMemory = false;
  group.fds.release();
  group.process.exit({ closeFiles: false });
  adoptOrphans(kernel, group);
  kernel.activity += 1;
  const { parent } = group;
  if (parent === undefined) return;
  const isReaped = group.exitSignal === SIGCHLD && parent.handlers.reapsChildren;
  if (group.exitSignal !== 0) {
    const [code, status] =
      state.kind === 'exited' ? [CLD_EXITED, state.status] : [CLD_KILLED, state.signal];
    const { pid } = group;
    sendToGroup(kernel, parent, { signal: group.exitSignal, code, pid, status });
  }
  if (isReaped) reap(kernel, group);
}

/** release_task(): removes the last of a process. */
export function reap(kernel: LinuxKernel, group: ThreadGroup): void {
  const { parent } = group;
  if (parent !== undefined) {
    parent.children.delete(group);
    parent.childInstructions += group.instructions + group.childInstructions;
  }
  kernel.groups.delete(group.pid);
}

/** Gives the children of a process that ends to the first process: find_new_reaper(). */
function adoptOrphans(kernel: LinuxKernel, group: ThreadGroup): void {
  const reaper = kernel.firstGroup;
  for (const child of group.children) {
    child.parent = reaper === group ? undefined : reaper;
    if (child.parent === undefined) continue;
    child.parent.children.add(child);
    child.exitSignal = SIGCHLD;
    if (child.exit === undefined) continue;
    if (child.parent.handlers.reapsChildren) reap(kernel, child);
    else sendToGroup(kernel, child.parent, { signal: SIGCHLD, code: CLD_EXITED, pid: child.pid });
  }
  group.children.clear();
}

/**
 * CLONE_CHILD_CLEARTID: wakes whoever waits for the end of a thread. Compare
 * kernel/fork.c:mm_release().
 */
function clearChildTid(kernel: LinuxKernel, task: Task): void {
  const { clearChildTid: address, group } = task;
  task.clearChildTid = 0;
  // The last thread frees the memory, unless it belongs to another process.
  if (address === 0 || (group.tasks.size === 1 && !group.borrowsMemory)) return;
  try {
    task.space.writeInt32(address, 0);
  } catch {
    // The program gave a bad address: ignored, as in Linux.
    return;
  }
  wakeAddress(kernel, task.mm, address, 1);
}
