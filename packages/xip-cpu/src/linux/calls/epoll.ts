import {
  POLLERR,
  POLLHUP,
  POLLIN,
  SyscallError,
  type FileOperations,
  type OpenFile,
} from 'xip-emu';
import { dueOf, eventFile, wakeupsOf, type EventSource } from '../fs/event-source.js';
import type { Outcome } from '../kernel/outcome.js';
import { call, type CallTable, type Caller } from './call.js';
import { O_CLOEXEC } from './open-flags.js';
import { fileOf } from './paths.js';
import { MILLISECOND, eventsOf, waitForEvents } from './polling.js';
import { maskWhileWaiting } from './signals.js';
import { readTime } from './time.js';

// include/uapi/linux/eventpoll.h
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLLONESHOT = 1 << 30;
const EPOLLET = 1 << 31;
/** Flags that are not events: WAKEUP and EXCLUSIVE, too. */
const FLAGS = EPOLLET | EPOLLONESHOT | (1 << 29) | (1 << 28);
/** struct epoll_event: 32 bits of events, and 64 of the program's own. */
const EVENT_BYTES = 16;
const DATA_OFFSET = 8;
/** EP_MAX_EVENTS for structures of 16 bytes. */
const MAX_EVENTS = Math.floor(0x7fffffff / EVENT_BYTES);

/** struct epitem */
interface Item {
  readonly fd: number;
  readonly file: OpenFile;
  events: number;
  /** The 64 bits of the program. */
  data: Uint8Array;
  /** wakeupsOf() the file when an edge was last reported. */
  reportedAt: number | undefined;
}

/** struct eventpoll */
class EventPoll implements EventSource {
  items: Item[] = [];

  /** Files that are closed leave by themselves. Compare fs/eventpoll.c:eventpoll_release_file(). */
  prune(): void {
    this.items = this.items.filter(({ file }) => file.descriptors > 0);
  }

  /** The events of an item that are to be reported. */
  readyOf({ file, events, reportedAt }: Item): number {
    if ((events & ~FLAGS) === 0) return 0;
    const mask = eventsOf(file) & ((events & ~FLAGS) | POLLERR | POLLHUP);
    if ((events & EPOLLET) === 0 || mask === 0) return mask;
    const wakeups = wakeupsOf(file);
    return wakeups !== undefined && wakeups === reportedAt ? 0 : mask;
  }

  /** Whether a file is among those that are watched, directly or by another epoll. */
  watches(file: OpenFile): boolean {
    return this.files.some(
      (own) =>
        own === file || (own.privateData instanceof EventPoll && own.privateData.watches(file)),
    );
  }

  get files(): OpenFile[] {
    return this.items.map(({ file }) => file);
  }

  get wakeups(): number {
    return this.files.reduce((sum, file) => sum + (wakeupsOf(file) ?? 0), 0);
  }

  get due(): number | undefined {
    return dueOf(this.files);
  }
}

function eventPollOf({ privateData }: OpenFile): EventPoll {
  if (!(privateData instanceof EventPoll)) throw new SyscallError('EINVAL');
  return privateData;
}

/** fs/eventpoll.c:eventpoll_fops */
const epollOperations: FileOperations = {
  /** noop_llseek() */
  llseek: () => 0,
  poll(file) {
    const poll = eventPollOf(file);
    poll.prune();
    return poll.items.some((item) => poll.readyOf(item) !== 0) ? POLLIN : 0;
  },
};

function create({ kernel, task }: Caller, flags: number): number {
  if ((flags & ~O_CLOEXEC) !== 0) throw new SyscallError('EINVAL');
  const { process, fds } = task.group;
  const file = eventFile(kernel, {
    ...{ name: 'eventpoll', source: new EventPoll(), fops: epollOperations, nonBlock: false },
  });
  return fds.add(process.files.install(file), (flags & O_CLOEXEC) !== 0);
}

/** Compare fs/eventpoll.c:do_epoll_ctl(). */
function control(
  caller: Caller,
  epfd: number,
  operation: number,
  fd: number,
  address: number,
): number {
  const epoll = fileOf(caller, epfd);
  const file = fileOf(caller, fd);
  const given =
    operation === EPOLL_CTL_DEL ? undefined : caller.task.space.read(address, EVENT_BYTES);
  if (file.fops.poll === undefined) throw new SyscallError('EPERM', 'files are always ready');
  if (file === epoll) throw new SyscallError('EINVAL');
  const poll = eventPollOf(epoll);
  poll.prune();
  const found = poll.items.find((item) => item.fd === fd && item.file === file);
  if (operation === EPOLL_CTL_ADD) {
    if (found !== undefined) throw new SyscallError('EEXIST');
    if (file.privateData instanceof EventPoll && file.privateData.watches(epoll)) {
      throw new SyscallError('ELOOP');
    }
    poll.items.push({ fd, file, reportedAt: undefined, ...settingOf(given!) });
    return 0;
  }
  if (operation !== EPOLL_CTL_DEL && operation !== EPOLL_CTL_MOD) throw new SyscallError('EINVAL');
  if (found === undefined) throw new SyscallError('ENOENT');
  if (given === undefined) poll.items.splice(poll.items.indexOf(found), 1);
  else Object.assign(found, { ...settingOf(given), reportedAt: undefined });
  return 0;
}

function settingOf(given: Uint8Array): Pick<Item, 'events' | 'data'> {
  const events = new DataView(given.buffer, given.byteOffset).getInt32(0, true);
  return { events, data: given.slice(DATA_OFFSET) };
}

/** Writes the events that are there. @returns how many. Compare fs/eventpoll.c:ep_send_events(). */
function sendEvents({ task }: Caller, poll: EventPoll, address: number, most: number): number {
  poll.prune();
  const sent: Item[] = [];
  for (const item of poll.items) {
    if (sent.length === most) break;
    const ready = poll.readyOf(item);
    if (ready === 0) continue;
    const event = new Uint8Array(EVENT_BYTES);
    new DataView(event.buffer).setUint32(0, ready, true);
    event.set(item.data, DATA_OFFSET);
    task.space.write(address + sent.length * EVENT_BYTES, event);
    if ((item.events & EPOLLONESHOT) !== 0) item.events &= FLAGS;
    item.reportedAt = wakeupsOf(item.file);
    sent.push(item);
  }
  // Those that were left out come first next time.
  poll.items = [...poll.items.filter((item) => !sent.includes(item)), ...sent];
  return sent.length;
}

/** @param length nanoseconds; undefined: without limit. Compare fs/eventpoll.c:do_epoll_wait(). */
function wait(
  caller: Caller,
  epfd: number,
  address: number,
  most: number,
  length: number | undefined,
): Outcome {
  if (most <= 0 || most > MAX_EVENTS) throw new SyscallError('EINVAL');
  const file = fileOf(caller, epfd);
  const poll = eventPollOf(file);
  const attempt = (): number => sendEvents(caller, poll, address, most);
  return waitForEvents(caller, 'epoll', length, attempt, [file, ...poll.files]);
}

function milliseconds(timeout: number): number | undefined {
  return timeout < 0 ? undefined : timeout * MILLISECOND;
}

export const epollCalls: CallTable = {
  epoll_create: call('int', (caller, size) => {
    if (size <= 0) throw new SyscallError('EINVAL');
    return create(caller, 0);
  }),
  epoll_create1: call('int', create),
  epoll_ctl: call('int int int ptr', control),
  epoll_wait: call('int ptr int int', (caller, epfd, events, most, timeout) =>
    wait(caller, epfd, events, most, milliseconds(timeout)),
  ),
  epoll_pwait: call('int ptr int int ptr size', (caller, epfd, events, most, timeout, mask) => {
    maskWhileWaiting(caller, mask);
    return wait(caller, epfd, events, most, milliseconds(timeout));
  }),
  epoll_pwait2: call('int ptr int ptr ptr size', (caller, epfd, events, most, timeout, mask) => {
    const { timespec64 } = caller.kernel.abi.structs;
    const length = timeout === 0 ? undefined : readTime(caller, timeout, timespec64);
    maskWhileWaiting(caller, mask);
    return wait(caller, epfd, events, most, length);
  }),
};
