import { SyscallError } from 'xip-emu';
import { ERRNO_NUMBERS } from '../abi/errno-numbers.js';
import { exitGroup } from '../kernel/exit.js';
import type { LinuxKernel } from '../kernel/kernel.js';
import type { Task } from '../kernel/task.js';
import { CLD_STOPPED, SIGSEGV, SI_KERNEL, defaultAction } from './numbers.js';
import { blockable, forceSignal, notifyParent } from './send.js';
import {
  SA_NODEFER,
  SA_RESETHAND,
  SA_RESTART,
  SIG_DFL,
  SIG_IGN,
  bitOf,
  type SignalAction,
  type SignalInfo,
} from './signal-state.js';

/** Whether a pending signal ends the wait of a task. Ignored signals are dropped. */
export function signalInterrupts(task: Task): boolean {
  if (task.wait?.uninterruptible === true) return false;
  const { handlers, pending: shared } = task.group;
  for (const pending of [task.pending, shared]) {
    for (let info = pending.peek(task.blocked); info; info = pending.peek(task.blocked)) {
      if (!handlers.ignores(info.signal)) return true;
      pending.remove(info.signal);
    }
  }
  return false;
}

/**
 * Delivers the signals of a task before it returns to its program. Its registers are on the
 * processor. Compare kernel/signal.c:get_signal().
 *
 * @returns whether it continues: false if it still waits, is stopped, or has ended.
 */
export function deliverSignals(kernel: LinuxKernel, task: Task): boolean {
  const { group } = task;
  while (task.state !== 'dead' && group.stopped === undefined) {
    const info = task.pending.take(task.blocked) ?? group.pending.take(task.blocked);
    if (info === undefined) break;
    const action = group.handlers.get(info.signal);
    if (action.handler === SIG_IGN) continue;
    if (action.handler !== SIG_DFL) {
      handleSignal(kernel, task, info, action);
      continue;
    }
    switch (defaultAction(info.signal)) {
      case 'ignore':
      case 'continue':
        break;
      case 'stop':
        group.stopped = { signal: info.signal, told: false };
        notifyParent(kernel, group, CLD_STOPPED, info.signal);
        return false;
      case 'terminate':
        kernel.events.killed?.(group, info);
        exitGroup(kernel, group, { kind: 'killed', signal: info.signal });
        return false;
    }
  }
  return task.state === 'ready' && group.stopped === undefined;
}

/** Makes the task run a handler next. Compare arch/.../kernel/signal.c:handle_signal(). */
function handleSignal(
  kernel: LinuxKernel,
  task: Task,
  info: SignalInfo,
  action: SignalAction,
): void {
  endWait(kernel, task, action);
  const mask = task.savedMask ?? task.blocked;
  task.savedMask = undefined;
  const { signal } = info;
  try {
    kernel.abi.signalFrame.push({ kernel, task, info, action, mask });
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    // There is no room on the stack: kernel/signal.c:signal_setup_done().
    task.group.handlers.set(SIGSEGV, { handler: SIG_DFL, flags: 0, restorer: 0, mask: 0n });
    forceSignal(task, { signal: SIGSEGV, code: SI_KERNEL });
    return;
  }
  if ((action.flags & SA_RESETHAND) !== 0) {
    task.group.handlers.set(signal, { ...action, handler: SIG_DFL });
  }
  const own = (action.flags & SA_NODEFER) === 0 ? bitOf(signal) : 0n;
  task.blocked = blockable(task.blocked | action.mask | own);
}

/**
 * Ends the system call that the task waits in: it returns EINTR, or is repeated after the handler.
 */
function endWait({ processor, abi }: LinuxKernel, task: Task, { flags }: SignalAction): void {
  const { wait } = task;
  if (wait === undefined) return;
  task.wait = undefined;
  task.state = 'ready';
  const done = wait.interrupted?.();
  if (done !== undefined) {
    processor.write(abi.registers.result, done);
  } else if (wait.restarts && (flags & SA_RESTART) !== 0) {
    abi.repeatCall(processor);
    processor.write(abi.registers.arguments[0]!, task.callArgument);
  } else {
    processor.write(abi.registers.result, -ERRNO_NUMBERS.EINTR);
  }
}
