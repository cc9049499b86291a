import { SyscallError } from 'xip-emu';
import type { StructLayout } from '../abi/struct-layout.js';
import type { Outcome } from '../kernel/outcome.js';
import type { VirtualClock } from '../kernel/virtual-clock.js';
import { call, type CallTable, type Caller } from './call.js';

const SECOND = 1_000_000_000;
const MICROSECOND = 1000;
const USER_HZ = 100;
// include/uapi/linux/time.h
const CLOCK_REALTIME = 0;
const CLOCK_PROCESS_CPUTIME_ID = 2;
const CLOCK_THREAD_CPUTIME_ID = 3;
const CLOCK_REALTIME_COARSE = 5;
const CLOCK_TAI = 11;
const TIMER_ABSTIME = 1;
const ITIMER_REAL = 0;

/** Returns the time of a clock in seconds and nanoseconds. @throws SyscallError EINVAL. */
function readClock(
  { kernel, task }: Caller,
  clock: number,
): { readonly sec: number; readonly nsec: number } {
  const { now, realtime, perInstruction } = kernel.clock;
  if (clock < 0 || clock > CLOCK_TAI) throw new SyscallError('EINVAL');
  if (isRealtime(clock)) return realtime;
  const isCpu = clock === CLOCK_PROCESS_CPUTIME_ID || clock === CLOCK_THREAD_CPUTIME_ID;
  const time = isCpu ? task.group.instructions * perInstruction : now;
  return { sec: Math.floor(time / SECOND), nsec: time % SECOND };
}

function isRealtime(clock: number): boolean {
  return clock === CLOCK_REALTIME || clock === CLOCK_REALTIME_COARSE || clock === CLOCK_TAI;
}

function writeTime(caller: Caller, address: number, clock: number, layout: StructLayout): number {
  caller.task.space.writeStruct(address, layout, { ...readClock(caller, clock) });
  return 0;
}

function resolution(caller: Caller, clock: number, address: number, layout: StructLayout): number {
  readClock(caller, clock);
  if (address !== 0) caller.task.space.writeStruct(address, layout, { sec: 0, nsec: 1 });
  return 0;
}

/** Reads a time from user memory, in nanoseconds. @throws SyscallError EFAULT, EINVAL. */
export function readTime({ task }: Caller, address: number, layout: StructLayout): number {
  const bytes = task.space.readStruct(address, layout);
  const sec = layout.get(bytes, 'sec');
  const nsec = layout.get(bytes, 'nsec');
  if (sec < 0 || nsec < 0 || nsec >= SECOND) throw new SyscallError('EINVAL');
  return sec * SECOND + nsec;
}

/**
 * Sleeps until a moment of the monotonic clock. If a signal ends the sleep, the time that is left
 * is written to `left`.
 */
function sleepUntil(caller: Caller, due: number, left: number, layout: StructLayout): Outcome {
  const { kernel, task } = caller;
  return {
    waits: 'time',
    restarts: false,
    deadline: due,
    attempt: () => (kernel.clock.now >= due ? 0 : undefined),
    interrupted() {
      const rest = Math.max(0, due - kernel.clock.now);
      if (left !== 0) {
        const time = { sec: Math.floor(rest / SECOND), nsec: rest % SECOND };
        task.space.writeStruct(left, layout, time);
      }
      return undefined;
    },
  };
}

function nanosleep(caller: Caller, request: number, left: number, layout: StructLayout): Outcome {
  const length = readTime(caller, request, layout);
  return sleepUntil(caller, caller.kernel.clock.now + length, left, layout);
}

function clockNanosleep(
  caller: Caller,
  clock: number,
  flags: number,
  request: number,
  left: number,
  layout: StructLayout,
): Outcome {
  readClock(caller, clock);
  if ((flags & TIMER_ABSTIME) === 0) return nanosleep(caller, request, left, layout);
  const time = readTime(caller, request, layout);
  const due = isRealtime(clock) ? caller.kernel.clock.fromRealtime(time) : time;
  return sleepUntil(caller, due, 0, layout);
}

/** Returns the struct itimerval with the time that is left. */
function timerLeft({ kernel, task }: Caller): Readonly<Record<string, number>> {
  const { alarm } = task.group;
  const micros = (time: number): number => Math.ceil(time / MICROSECOND);
  const value = alarm === undefined ? 0 : Math.max(1, micros(alarm.due - kernel.clock.now));
  const interval = micros(alarm?.interval ?? 0);
  return {
    intervalSec: Math.floor(interval / 1e6),
    intervalUsec: interval % 1e6,
    valueSec: Math.floor(value / 1e6),
    valueUsec: value % 1e6,
  };
}

/** Compare kernel/time/itimer.c:do_setitimer(). */
function setitimer(caller: Caller, which: number, given: number, old: number): number {
  const { kernel, task } = caller;
  const { itimerval } = kernel.abi.structs;
  if (which !== ITIMER_REAL) throw new SyscallError('EINVAL', 'timers of processor time');
  const left = timerLeft(caller);
  if (given !== 0) {
    const bytes = task.space.readStruct(given, itimerval);
    const time = (name: string): number =>
      itimerval.get(bytes, `${name}Sec`) * SECOND +
      itimerval.get(bytes, `${name}Usec`) * MICROSECOND;
    const value = time('value');
    task.group.alarm =
      value === 0 ? undefined : { due: kernel.clock.now + value, interval: time('interval') };
  }
  if (old !== 0) task.space.writeStruct(old, itimerval, left);
  return 0;
}

function ticks(clock: VirtualClock, instructions: number): number {
  return Math.floor((instructions * clock.perInstruction * USER_HZ) / SECOND);
}

export const timeCalls: CallTable = {
  clock_gettime: call('int ptr', (caller, clock, address) =>
    writeTime(caller, address, clock, caller.kernel.abi.structs.timespec),
  ),
  clock_gettime64: call('int ptr', (caller, clock, address) =>
    writeTime(caller, address, clock, caller.kernel.abi.structs.timespec64),
  ),
  clock_getres: call('int ptr', (caller, clock, address) =>
    resolution(caller, clock, address, caller.kernel.abi.structs.timespec),
  ),
  clock_getres_time64: call('int ptr', (caller, clock, address) =>
    resolution(caller, clock, address, caller.kernel.abi.structs.timespec64),
  ),
  gettimeofday: call('ptr ptr', ({ kernel, task }, address, zone) => {
    const { sec, nsec } = kernel.clock.realtime;
    const usec = Math.floor(nsec / MICROSECOND);
    if (address !== 0) task.space.writeStruct(address, kernel.abi.structs.timeval, { sec, usec });
    if (zone !== 0) task.space.clear(zone, 8);
    return 0;
  }),
  nanosleep: call('ptr ptr', (caller, request, left) =>
    nanosleep(caller, request, left, caller.kernel.abi.structs.timespec),
  ),
  clock_nanosleep: call('int int ptr ptr', (caller, clock, flags, request, left) =>
    clockNanosleep(caller, clock, flags, request, left, caller.kernel.abi.structs.timespec),
  ),
  clock_nanosleep_time64: call('int int ptr ptr', (caller, clock, flags, request, left) =>
    clockNanosleep(caller, clock, flags, request, left, caller.kernel.abi.structs.timespec64),
  ),
  clock_settime: call('int ptr', () => {
    throw new SyscallError('EPERM', 'the clock is that of the instructions');
  }),
  setitimer: call('int ptr ptr', setitimer),
  getitimer: call('int ptr', (caller, which, address) => setitimer(caller, which, 0, address)),
  times: call('ptr', ({ kernel, task }, address) => {
    const { clock, abi } = kernel;
    const { instructions, childInstructions } = task.group;
    if (address !== 0) {
      task.space.writeStruct(address, abi.structs.tms, {
        utime: ticks(clock, instructions),
        cutime: ticks(clock, childInstructions),
      });
    }
    return Math.floor((clock.now * USER_HZ) / SECOND);
  }),
};
