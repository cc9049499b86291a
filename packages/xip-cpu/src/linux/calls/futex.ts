import { SyscallError } from 'xip-emu';
import type { StructLayout } from '../abi/struct-layout.js';
import {
  addWaiter,
  removeWaiter,
  requeue,
  wakeAddress,
  type FutexWaiter,
} from '../kernel/futex-queue.js';
import type { Outcome } from '../kernel/outcome.js';
import { call, type CallTable, type Caller } from './call.js';
import { readTime } from './time.js';

// include/uapi/linux/futex.h
const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
const FUTEX_REQUEUE = 3;
const FUTEX_CMP_REQUEUE = 4;
const FUTEX_WAKE_OP = 5;
const FUTEX_WAIT_BITSET = 9;
const FUTEX_WAKE_BITSET = 10;
const FUTEX_CLOCK_REALTIME = 256;
const COMMAND = 0x7f;
const ALL_BITS = 0xffffffff;

interface Wait {
  readonly address: number;
  readonly value: number;
  readonly bits: number;
  /** When the wait ends, on the monotonic clock. */
  readonly deadline: number | undefined;
}

/** Compare kernel/futex/waitwake.c:futex_wait(). */
function futexWait({ kernel, task }: Caller, { address, value, bits, deadline }: Wait): Outcome {
  if (bits === 0) throw new SyscallError('EINVAL');
  if (task.space.readInt32(address) !== (value | 0)) throw new SyscallError('EAGAIN');
  const waiter: FutexWaiter = { mm: task.mm, address, bits, woken: false };
  addWaiter(kernel, waiter);
  return {
    waits: `futex 0x${address.toString(16)}`,
    restarts: true,
    deadline,
    attempt: () => (waiter.woken ? 0 : undefined),
    expired() {
      removeWaiter(kernel, waiter);
      throw new SyscallError('ETIMEDOUT');
    },
    interrupted() {
      removeWaiter(kernel, waiter);
      return undefined;
    },
  };
}

/**
 * FUTEX_WAKE_OP: performs an operation on a second word, and wakes its waiters too if the old value
 * passes a comparison.
 */
function wakeOp(
  caller: Caller,
  address: number,
  count: number,
  count2: number,
  address2: number,
  code: number,
): number {
  const { kernel, task } = caller;
  const operation = (code >>> 28) & 7;
  const comparison = (code >>> 24) & 15;
  const given = (code << 8) >> 20;
  const argument = (code >>> 28) & 8 ? 1 << (given & 31) : given;
  const compared = (code << 20) >> 20;
  const old = task.space.readInt32(address2);
  const values = [argument, old + argument, old | argument, old & ~argument, old ^ argument];
  const value = values[operation];
  const tests = [
    old === compared,
    old !== compared,
    old < compared,
    old <= compared,
    old > compared,
    old >= compared,
  ];
  const test = tests[comparison];
  if (value === undefined || test === undefined) throw new SyscallError('ENOSYS');
  task.space.writeInt32(address2, value);
  const woken = wakeAddress(kernel, task.mm, address, count);
  return woken + (test ? wakeAddress(kernel, task.mm, address2, count2) : 0);
}

function futex(layoutOf: (caller: Caller) => StructLayout) {
  return call(
    'ptr int uint ptr ptr uint',
    (caller, address, op, value, timeout, address2, value3) => {
      const { kernel, task } = caller;
      const command = op & COMMAND;
      if (address % 4 !== 0) throw new SyscallError('EINVAL');
      const deadline = (): number | undefined => {
        if (timeout === 0) return undefined;
        const time = readTime(caller, timeout, layoutOf(caller));
        if (command === FUTEX_WAIT) return kernel.clock.now + time;
        return (op & FUTEX_CLOCK_REALTIME) === 0 ? time : kernel.clock.fromRealtime(time);
      };
      switch (command) {
        case FUTEX_WAIT:
          return futexWait(caller, { address, value, bits: ALL_BITS, deadline: deadline() });
        case FUTEX_WAIT_BITSET:
          return futexWait(caller, { address, value, bits: value3, deadline: deadline() });
        case FUTEX_WAKE:
          return wakeAddress(kernel, task.mm, address, value);
        case FUTEX_WAKE_BITSET:
          if (value3 === 0) throw new SyscallError('EINVAL');
          return wakeAddress(kernel, task.mm, address, value, value3);
        case FUTEX_CMP_REQUEUE:
          if (task.space.readInt32(address) !== (value3 | 0)) throw new SyscallError('EAGAIN');
          return (
            wakeAddress(kernel, task.mm, address, value) +
            requeue(kernel, task.mm, address, address2, timeout)
          );
        case FUTEX_REQUEUE: {
          const woken = wakeAddress(kernel, task.mm, address, value);
          requeue(kernel, task.mm, address, address2, timeout);
          return woken;
        }
        case FUTEX_WAKE_OP:
          return wakeOp(caller, address, value, timeout, address2, value3);
        default:
          throw new SyscallError('ENOSYS', `futex ${command}`);
      }
    },
  );
}

export const futexCalls: CallTable = {
  futex: futex(({ kernel }) => kernel.abi.structs.timespec),
  futex_time64: futex(({ kernel }) => kernel.abi.structs.timespec64),
};
