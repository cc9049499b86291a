import {
  POLLERR,
  POLLIN,
  POLLOUT,
  SyscallError,
  type FileOperations,
  type OpenFile,
} from 'xip-emu';
import { eventFile, type EventSource } from '../fs/event-source.js';
import { call, type CallTable, type Caller } from './call.js';
import { O_CLOEXEC, O_NONBLOCK } from './open-flags.js';

const EFD_SEMAPHORE = 1;
const COUNT_BYTES = 8;
const ULLONG_MAX = 2n ** 64n - 1n;

/** struct eventfd_ctx */
class EventCounter implements EventSource {
  count: bigint;
  wakeups = 0;
  readonly due = undefined;
  readonly isSemaphore: boolean;

  constructor(count: number, isSemaphore: boolean) {
    this.count = BigInt(count);
    this.isSemaphore = isSemaphore;
  }
}

function counterOf({ privateData }: OpenFile): EventCounter {
  if (!(privateData instanceof EventCounter)) throw new SyscallError('EINVAL');
  return privateData;
}

/** fs/eventfd.c:eventfd_fops */
const eventfdOperations: FileOperations = {
  /** noop_llseek() */
  llseek: () => 0,
  /** Compare fs/eventfd.c:eventfd_read(). */
  readIter(file, _position, into) {
    const counter = counterOf(file);
    if (into.length < COUNT_BYTES) throw new SyscallError('EINVAL');
    if (counter.count === 0n) throw new SyscallError('EAGAIN');
    const taken = counter.isSemaphore ? 1n : counter.count;
    counter.count -= taken;
    counter.wakeups += 1;
    new DataView(into.buffer, into.byteOffset).setBigUint64(0, taken, true);
    return COUNT_BYTES;
  },
  /** Compare fs/eventfd.c:eventfd_write(). */
  writeIter(file, _position, from) {
    const counter = counterOf(file);
    if (from.length !== COUNT_BYTES) throw new SyscallError('EINVAL');
    const added = new DataView(from.buffer, from.byteOffset).getBigUint64(0, true);
    if (added === ULLONG_MAX) throw new SyscallError('EINVAL');
    if (ULLONG_MAX - counter.count <= added) throw new SyscallError('EAGAIN');
    counter.count += added;
    counter.wakeups += 1;
    return COUNT_BYTES;
  },
  /** Compare fs/eventfd.c:eventfd_poll(). */
  poll(file) {
    const { count } = counterOf(file);
    return (
      (count > 0n ? POLLIN : 0) |
      (count === ULLONG_MAX ? POLLERR : 0) |
      (ULLONG_MAX - 1n > count ? POLLOUT : 0)
    );
  },
};

/** Compare fs/eventfd.c:do_eventfd(). */
function eventfd({ kernel, task }: Caller, count: number, flags: number): number {
  if ((flags & ~(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK)) !== 0) throw new SyscallError('EINVAL');
  const { process, fds } = task.group;
  const file = eventFile(kernel, {
    name: 'eventfd',
    source: new EventCounter(count, (flags & EFD_SEMAPHORE) !== 0),
    fops: eventfdOperations,
    nonBlock: (flags & O_NONBLOCK) !== 0,
  });
  return fds.add(process.files.install(file), (flags & O_CLOEXEC) !== 0);
}

export const eventfdCalls: CallTable = {
  eventfd: call('uint', (caller, count) => eventfd(caller, count, 0)),
  eventfd2: call('uint int', eventfd),
};
