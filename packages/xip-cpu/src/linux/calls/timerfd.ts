import { POLLIN, SyscallError, type FileOperations, type OpenFile } from 'xip-emu';
import type { StructLayout } from '../abi/struct-layout.js';
import { eventFile, type EventSource } from '../fs/event-source.js';
import type { KernelTimer } from '../kernel/kernel-timer.js';
import { call, type CallTable, type Caller } from './call.js';
import { O_CLOEXEC, O_NONBLOCK } from './open-flags.js';
import { fileOf } from './paths.js';
import { readTime } from './time.js';

const SECOND = 1_000_000_000;
const TICKS_BYTES = 8;
const CLOCK_REALTIME = 0;
const CLOCK_REALTIME_ALARM = 8;
/** REALTIME, MONOTONIC, BOOTTIME, REALTIME_ALARM, BOOTTIME_ALARM. */
const CLOCKS = [CLOCK_REALTIME, 1, 7, CLOCK_REALTIME_ALARM, 9];
const TFD_TIMER_ABSTIME = 1;
const TFD_TIMER_CANCEL_ON_SET = 2;

/** struct timerfd_ctx */
class FileTimer implements EventSource, KernelTimer {
  readonly clock: number;
  due: number | undefined = undefined;
  interval = 0;
  ticks = 0;
  wakeups = 0;

  constructor(clock: number) {
    this.clock = clock;
  }

  expire(now: number): void {
    if (this.due === undefined || this.due > now) return;
    const missed = this.interval === 0 ? 0 : Math.floor((now - this.due) / this.interval);
    this.ticks += 1 + missed;
    this.wakeups += 1;
    this.due = this.interval === 0 ? undefined : this.due + (1 + missed) * this.interval;
  }
}

function timerOf({ privateData }: OpenFile): FileTimer {
  if (!(privateData instanceof FileTimer)) throw new SyscallError('EINVAL');
  return privateData;
}

/** Compare fs/timerfd.c:timerfd_fops. */
function timerfdOperations({ clock, timers }: Caller['kernel']): FileOperations {
  const current = (file: OpenFile): FileTimer => {
    const timer = timerOf(file);
    timer.expire(clock.now);
    return timer;
  };
  return {
    /** noop_llseek() */
    llseek: () => 0,
    readIter(file, _position, into) {
      const timer = current(file);
      if (into.length < TICKS_BYTES) throw new SyscallError('EINVAL');
      if (timer.ticks === 0) throw new SyscallError('EAGAIN');
      new DataView(into.buffer, into.byteOffset).setBigUint64(0, BigInt(timer.ticks), true);
      timer.ticks = 0;
      return TICKS_BYTES;
    },
    poll: (file) => (current(file).ticks > 0 ? POLLIN : 0),
    release(file) {
      timers.delete(timerOf(file));
    },
  };
}

function create({ kernel, task }: Caller, clock: number, flags: number): number {
  if (!CLOCKS.includes(clock) || (flags & ~(O_CLOEXEC | O_NONBLOCK)) !== 0) {
    throw new SyscallError('EINVAL');
  }
  const timer = new FileTimer(clock);
  kernel.timers.add(timer);
  const file = eventFile(kernel, {
    name: 'timerfd',
    source: timer,
    fops: timerfdOperations(kernel),
    nonBlock: (flags & O_NONBLOCK) !== 0,
  });
  const { process, fds } = task.group;
  return fds.add(process.files.install(file), (flags & O_CLOEXEC) !== 0);
}

/** Writes struct itimerspec: the interval, and the time that is left. */
function writeSetting(
  { kernel, task }: Caller,
  { due, interval }: Pick<FileTimer, 'due' | 'interval'>,
  address: number,
  layout: StructLayout,
): void {
  const left = due === undefined ? 0 : due - kernel.clock.now;
  [interval, left].forEach((time, index) => {
    const fields = { sec: Math.floor(time / SECOND), nsec: time % SECOND };
    task.space.writeStruct(address + index * layout.size, layout, fields);
  });
}

/** Compare fs/timerfd.c:do_timerfd_settime(). */
function settime(layoutOf: (caller: Caller) => StructLayout) {
  return call('int int ptr ptr', (caller, fd, flags, given, old) => {
    const { clock } = caller.kernel;
    const layout = layoutOf(caller);
    const interval = readTime(caller, given, layout);
    const value = readTime(caller, given + layout.size, layout);
    if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) !== 0) {
      throw new SyscallError('EINVAL');
    }
    const timer = timerOf(fileOf(caller, fd));
    timer.expire(clock.now);
    const before = { due: timer.due, interval: timer.interval };
    const isRealtime = timer.clock === CLOCK_REALTIME || timer.clock === CLOCK_REALTIME_ALARM;
    timer.ticks = 0;
    timer.interval = interval;
    if (value === 0) timer.due = undefined;
    else if ((flags & TFD_TIMER_ABSTIME) === 0) timer.due = clock.now + value;
    else timer.due = isRealtime ? clock.fromRealtime(value) : value;
    timer.expire(clock.now);
    if (old !== 0) writeSetting(caller, before, old, layout);
    return 0;
  });
}

function gettime(layoutOf: (caller: Caller) => StructLayout) {
  return call('int ptr', (caller, fd, address) => {
    const timer = timerOf(fileOf(caller, fd));
    timer.expire(caller.kernel.clock.now);
    writeSetting(caller, timer, address, layoutOf(caller));
    return 0;
  });
}

export const timerfdCalls: CallTable = {
  timerfd_create: call('int int', create),
  timerfd_settime: settime(({ kernel }) => kernel.abi.structs.timespec),
  timerfd_settime64: settime(({ kernel }) => kernel.abi.structs.timespec64),
  timerfd_gettime: gettime(({ kernel }) => kernel.abi.structs.timespec),
  timerfd_gettime64: gettime(({ kernel }) => kernel.abi.structs.timespec64),
};
