import { SyscallError } from 'xip-emu';
import type { Abi } from '../abi/abi.js';
import type { LinuxKernel } from '../kernel/kernel.js';
import type { AlternateStack, Task } from '../kernel/task.js';
import { SA_ONSTACK, type SignalAction, type SignalInfo, type SignalSet } from './signal-state.js';
import { blockable } from './send.js';

/** A signal whose handler will run. */
export interface SignalDelivery {
  readonly kernel: LinuxKernel;
  readonly task: Task;
  readonly info: SignalInfo;
  readonly action: SignalAction;
  /** The signal mask to restore when the handler returns. */
  readonly mask: SignalSet;
}

/** The format of an architecture's signal frame: struct rt_sigframe. */
export interface SignalFrameFormat {
  /** Saves the registers on the stack, and sets them for the handler. @throws SyscallError EFAULT. */
  push(delivery: SignalDelivery): void;
  /**
   * sigreturn(2), rt_sigreturn(2): restores the registers from the stack.
   *
   * @param isRt whether it is rt_sigreturn(2).
   * @throws SyscallError EFAULT.
   */
  pop(kernel: LinuxKernel, task: Task, isRt: boolean): void;
}

// include/uapi/linux/signal.h
export const SS_ONSTACK = 1;
export const SS_DISABLE = 2;

/** on_sig_stack() */
export function isOnStack({ sp, size, flags }: AlternateStack, at: number): boolean {
  return (flags & SS_DISABLE) === 0 && at > sp && at - sp <= size;
}

/**
 * Returns the address of a frame. Compare arch/.../kernel/signal.c:get_sigframe().
 *
 * @throws SyscallError EFAULT if the alternate stack is full.
 */
export function frameAddress(
  { altStack }: Task,
  { flags }: SignalAction,
  sp: number,
  size: number,
  alignment: number,
): number {
  const onStack = isOnStack(altStack, sp);
  if (onStack && !isOnStack(altStack, sp - size)) throw new SyscallError('EFAULT');
  const switches = (flags & SA_ONSTACK) !== 0 && !onStack && (altStack.flags & SS_DISABLE) === 0;
  const top = switches ? altStack.sp + altStack.size : sp;
  return Math.floor((top - size) / alignment) * alignment;
}

/** Returns a siginfo_t. */
export function encodeSiginfo({ structs, pointerSize }: Abi, info: SignalInfo): Uint8Array {
  const { siginfo } = structs;
  const { signal, code, pid = 0, status = 0, address } = info;
  const bytes = siginfo.encode({ signo: signal, code, pid, status });
  if (address !== undefined) {
    const view = new DataView(bytes.buffer);
    const at = siginfo.offsetOf('pid');
    if (pointerSize === 8) view.setBigUint64(at, BigInt.asUintN(64, BigInt(address)), true);
    else view.setUint32(at, address >>> 0, true);
  }
  return bytes;
}

/** Returns the stack_t of the alternate stack, for frames and sigaltstack(2). */
export function encodeStack({ structs }: Abi, { altStack }: Task, sp: number): Uint8Array {
  const flags = altStack.flags | (isOnStack(altStack, sp) ? SS_ONSTACK : 0);
  return structs.stack.encode({ sp: altStack.sp, flags, size: altStack.size });
}

/** Sets the signal mask at the end of a handler. */
export function restoreMask(task: Task, mask: SignalSet): void {
  task.blocked = blockable(mask);
}

/** Returns the address of a special mapping such as [vdso]. @throws SyscallError EFAULT. */
export function specialMapping({ mm }: Task, name: string): number {
  for (const area of mm.areas()) if (area.name === name) return area.start;
  throw new SyscallError('EFAULT');
}
