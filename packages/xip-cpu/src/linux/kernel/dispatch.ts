import { isSyscallError } from 'xip-emu';
import { ERRNO_NUMBERS } from '../abi/errno-numbers.js';
import { SYSTEM_CALLS } from '../calls/index.js';
import type { SystemCall } from '../calls/call.js';
import type { LinuxKernel } from './kernel.js';
import { REGISTERS_SET, type Outcome } from './outcome.js';
import type { Task } from './task.js';

/** Runs the system call that the registers ask for. */
export function dispatch(kernel: LinuxKernel, task: Task): void {
  const { processor, abi } = kernel;
  const { registers } = abi;
  const number = processor.readUnsigned(registers.number);
  const name = abi.calls.get(number) ?? `call ${number}`;
  const call = SYSTEM_CALLS.get(name);
  task.callArgument = processor.readExact(registers.arguments[0]!);
  task.callName = name;
  kernel.current = task;
  if (call === undefined) {
    kernel.events.missingCall?.(task, name);
    finish(kernel, task, -ERRNO_NUMBERS.ENOSYS);
    return;
  }
  const [a, b, c, d, e, f] = readArguments(kernel, call);
  let outcome: Outcome;
  try {
    outcome = call.run({ kernel, task }, a, b, c, d, e, f);
  } catch (error) {
    outcome = errnoOf(error);
  }
  if (outcome === REGISTERS_SET) {
    kernel.events.call?.(task, name, 0);
    return;
  }
  if (typeof outcome === 'number') {
    finish(kernel, task, outcome);
    return;
  }
  task.wait = outcome;
  task.state = 'blocked';
  task.triedAt = kernel.activity;
}

/**
 * Tries to end the wait of a task.
 *
 * @param attempt returns the result, or undefined.
 * @returns whether the wait is over.
 */
export function finishCall(
  kernel: LinuxKernel,
  task: Task,
  attempt: () => number | undefined,
): boolean {
  kernel.current = task;
  let result: number | undefined;
  try {
    result = attempt();
  } catch (error) {
    result = errnoOf(error);
  }
  if (result === undefined) return false;
  const value = result;
  task.wait = undefined;
  task.state = 'ready';
  kernel.activity += 1;
  task.onResume.push(() => {
    finish(kernel, task, value);
  });
  return true;
}

function finish({ processor, abi, events }: LinuxKernel, task: Task, result: number): void {
  processor.write(abi.registers.result, result);
  if (task.savedMask !== undefined) {
    task.blocked = task.savedMask;
    task.savedMask = undefined;
  }
  events.call?.(task, task.callName, result);
}

/** Returns the errno of an error. @throws the error if it is not the result of a system call. */
function errnoOf(error: unknown): number {
  if (!isSyscallError(error)) throw error;
  return -ERRNO_NUMBERS[error.code];
}

type SixNumbers = [number, number, number, number, number, number];

function readArguments({ processor, abi }: LinuxKernel, { parameters }: SystemCall): SixNumbers {
  const values: SixNumbers = [0, 0, 0, 0, 0, 0];
  const { arguments: registers } = abi.registers;
  let at = 0;
  for (const [index, type] of parameters.entries()) {
    if (type === 'off' && abi.pointerSize === 4) {
      if (abi.alignsPairs && at % 2 === 1) at += 1;
      const low = processor.readUnsigned(registers[at]!);
      values[index] = processor.read(registers[at + 1]!) * 2 ** 32 + low;
      at += 2;
      continue;
    }
    const register = registers[at]!;
    at += 1;
    if (type === 'int') values[index] = processor.read(register) | 0;
    else if (type === 'uint') values[index] = processor.read(register) >>> 0;
    else if (type === 'long' || type === 'off') values[index] = processor.read(register);
    else values[index] = processor.readUnsigned(register);
  }
  return values;
}
