import { POLLERR, POLLHUP, POLLIN, POLLOUT, SyscallError, type OpenFile } from 'xip-emu';
import type { StructLayout } from '../abi/struct-layout.js';
import { dueOf } from '../fs/event-source.js';
import { pollHost } from '../fs/host-streams.js';
import type { Outcome } from '../kernel/outcome.js';
import { call, type CallTable, type Caller } from './call.js';
import { maskWhileWaiting } from './signals.js';
import { readTime } from './time.js';

const POLLNVAL = 0x20;
const DEFAULT_MASK = POLLIN | POLLOUT;
/**
 * The events that make a file readable or writable for select(2): fs/select.c:POLLIN_SET,
 * POLLOUT_SET.
 */
const READABLE = POLLIN | POLLHUP | POLLERR;
const WRITABLE = POLLOUT | POLLERR;
export const MILLISECOND = 1_000_000;
const MICROSECOND = 1000;

/** Returns the events of a file that are there now. */
export function eventsOf(file: OpenFile): number {
  return file.fops.poll?.(file) ?? DEFAULT_MASK;
}

/**
 * Waits until `attempt` returns more than 0, or time is up. @param length undefined: without limit.
 */
export function waitForEvents(
  { kernel }: Caller,
  what: string,
  length: number | undefined,
  attempt: () => number,
  files: readonly OpenFile[],
): Outcome {
  const found = attempt();
  if (found > 0 || length === 0) return found;
  return {
    waits: what,
    restarts: false,
    attempt: () => {
      const count = attempt();
      return count > 0 ? count : undefined;
    },
    deadline: length === undefined ? undefined : kernel.clock.now + length,
    wakes: () => dueOf(files),
    expired: attempt,
    outside: files.some(({ fops }) => fops.poll === pollHost),
  };
}

/** Compare fs/select.c:do_sys_poll(). */
function poll(caller: Caller, address: number, count: number, length: number | undefined): Outcome {
  const { task, kernel } = caller;
  const { pollfd } = kernel.abi.structs;
  const { fds } = task.group;
  if (count > fds.limit) throw new SyscallError('EINVAL');
  const open = new Set(fds.numbers());
  const entries = Array.from({ length: count }, (_, index) => {
    const at = address + index * pollfd.size;
    const bytes = task.space.readStruct(at, pollfd);
    const fd = pollfd.get(bytes, 'fd');
    const file = open.has(fd) ? fds.get(fd) : undefined;
    return { at, fd, file, events: pollfd.get(bytes, 'events') };
  });
  const attempt = (): number => {
    let ready = 0;
    for (const { at, fd, file, events } of entries) {
      const wanted = events | POLLERR | POLLHUP;
      const revents = fd < 0 ? 0 : file === undefined ? POLLNVAL : eventsOf(file) & wanted;
      task.space.writeStruct(at, pollfd, { fd, events, revents });
      if (revents !== 0) ready += 1;
    }
    return ready;
  };
  return waitForEvents(
    caller,
    'poll',
    length,
    attempt,
    entries.flatMap(({ file }) => file ?? []),
  );
}

/** Compare fs/select.c:core_sys_select(). */
function select(
  caller: Caller,
  count: number,
  addresses: readonly [number, number, number],
  length: number | undefined,
): Outcome {
  const { task } = caller;
  const { fds } = task.group;
  if (count < 0) throw new SyscallError('EINVAL');
  const open = new Set(fds.numbers());
  const bytes = Math.ceil(count / 32) * 4;
  const wanted = addresses.map((address) =>
    address === 0 ? undefined : task.space.read(address, bytes),
  );
  const files: { fd: number; file: OpenFile; sets: readonly boolean[] }[] = [];
  for (let fd = 0; fd < count; fd += 1) {
    const sets = wanted.map((set) => ((set?.[fd >> 3] ?? 0) & (1 << (fd & 7))) !== 0);
    if (!sets.includes(true)) continue;
    if (!open.has(fd)) throw new SyscallError('EBADF');
    files.push({ fd, file: fds.get(fd), sets });
  }
  const attempt = (): number => {
    const results = addresses.map(() => new Uint8Array(bytes));
    let ready = 0;
    for (const { fd, file, sets } of files) {
      const mask = eventsOf(file);
      [READABLE, WRITABLE, 0].forEach((meant, index) => {
        if (sets[index] !== true || (mask & meant) === 0) return;
        results[index]![fd >> 3]! |= 1 << (fd & 7);
        ready += 1;
      });
    }
    addresses.forEach((address, index) => {
      if (address !== 0) task.space.write(address, results[index]!);
    });
    return ready;
  };
  return waitForEvents(
    caller,
    'select',
    length,
    attempt,
    files.map(({ file }) => file),
  );
}

function timeAt(caller: Caller, address: number, layout: StructLayout): number | undefined {
  return address === 0 ? undefined : readTime(caller, address, layout);
}

function ppoll(layoutOf: (caller: Caller) => StructLayout) {
  return call('ptr uint ptr ptr size', (caller, address, count, timeout, mask) => {
    const length = timeAt(caller, timeout, layoutOf(caller));
    maskWhileWaiting(caller, mask);
    return poll(caller, address, count, length);
  });
}

function pselect(layoutOf: (caller: Caller) => StructLayout) {
  return call(
    'int ptr ptr ptr ptr ptr',
    (caller, count, read, write, except, timeout, argument) => {
      const length = timeAt(caller, timeout, layoutOf(caller));
      if (argument !== 0) {
        const { sigsetArgument } = caller.kernel.abi.structs;
        const bytes = caller.task.space.readStruct(argument, sigsetArgument);
        maskWhileWaiting(caller, sigsetArgument.get(bytes, 'sigmask'));
      }
      return select(caller, count, [read, write, except], length);
    },
  );
}

export const pollingCalls: CallTable = {
  ppoll: ppoll(({ kernel }) => kernel.abi.structs.timespec),
  ppoll_time64: ppoll(({ kernel }) => kernel.abi.structs.timespec64),
  poll: call('ptr uint int', (caller, address, count, timeout) =>
    poll(caller, address, count, timeout < 0 ? undefined : timeout * MILLISECOND),
  ),
  pselect6: pselect(({ kernel }) => kernel.abi.structs.timespec),
  pselect6_time64: pselect(({ kernel }) => kernel.abi.structs.timespec64),
  _newselect: call('int ptr ptr ptr ptr', (caller, count, read, write, except, timeout) => {
    const { timeval } = caller.kernel.abi.structs;
    let length: number | undefined;
    if (timeout !== 0) {
      const bytes = caller.task.space.readStruct(timeout, timeval);
      length = timeval.get(bytes, 'sec') * 1e9 + timeval.get(bytes, 'usec') * MICROSECOND;
    }
    return select(caller, count, [read, write, except], length);
  }),
};
