import { SyscallError, invariant } from '../errno.js';
import { ByteQueue } from './byte-queue.js';
import { POLLERR, POLLHUP, POLLIN, POLLOUT, type FileOperations, type OpenFile } from './file.js';
import type { Inode } from './inode.js';
import { PIPE_DEF_BUFFERS } from './pipe.js';
import { iterFileSpliceWrite } from './splice.js';

/** Bytes that fit. */
function capacityOf({ sb }: Inode): number {
  return PIPE_DEF_BUFFERS * sb.geometry.size;
}
/** The most bytes that are written in one piece or not at all: include/uapi/linux/limits.h. */
const PIPE_BUF = 4096;

/** The state of a FIFO while it is open: struct pipe_inode_info. */
export interface FifoState {
  readers: number;
  writers: number;
  readonly bytes: ByteQueue;
  /** How often whoever waits for it was woken up. */
  wakeups: number;
}

const NOBODY = { readers: 0, writers: 0, wakeups: 0 } as const;

/** i_pipe: the open FIFOs. */
const open = new WeakMap<Inode, FifoState>();

/** The pipe of an open FIFO; undefined for other files. */
export function fifoStateOf({ inode, fops }: OpenFile): Readonly<FifoState> | undefined {
  return fops === fifoOperations ? open.get(inode) : undefined;
}

function stateOf({ inode }: OpenFile): FifoState {
  const state = open.get(inode);
  invariant(state !== undefined, 'an open FIFO without a pipe');
  return state;
}

/**
 * fs/pipe.c:pipefifo_fops. Nobody waits here: where Linux would put the process to sleep until
 * somebody else opens, reads or writes, the call fails with EAGAIN and says so.
 */
export const fifoOperations: FileOperations = {
  isStream: true,
  /** Compare fs/pipe.c:fifo_open(). @throws SyscallError EAGAIN, ENXIO. */
  open(file) {
    const { inode, readable, writable, nonBlock } = file;
    const state: FifoState = open.get(inode) ?? { ...NOBODY, bytes: new ByteQueue() };
    if (!writable && state.writers === 0 && !nonBlock) {
      throw new SyscallError('EAGAIN', 'open() of a FIFO waits for a writer');
    }
    if (!readable && state.readers === 0) {
      if (nonBlock) throw new SyscallError('ENXIO', 'nobody reads the FIFO');
      throw new SyscallError('EAGAIN', 'open() of a FIFO waits for a reader');
    }
    if (readable) state.readers += 1;
    if (writable) state.writers += 1;
    state.wakeups += 1;
    open.set(inode, state);
  },
  release(file) {
    const state = stateOf(file);
    if (file.readable) state.readers -= 1;
    if (file.writable) state.writers -= 1;
    state.wakeups += 1;
    if (state.readers + state.writers === 0) open.delete(file.inode);
  },
  /** 0 once no writer is left. Compare fs/pipe.c:pipe_read(). */
  readIter(file, _position, into) {
    const state = stateOf(file);
    if (into.length === 0) return 0;
    if (state.bytes.length === 0) {
      if (state.writers === 0) return 0;
      throw new SyscallError('EAGAIN', 'the FIFO is empty');
    }
    state.wakeups += 1;
    return state.bytes.shift(into);
  },
  /** Compare fs/pipe.c:pipe_write(). @throws SyscallError EPIPE, EAGAIN. */
  writeIter(file, _position, from) {
    const state = stateOf(file);
    if (from.length === 0) return 0;
    if (state.readers === 0) throw new SyscallError('EPIPE', 'nobody reads the FIFO');
    const room = capacityOf(file.inode) - state.bytes.length;
    const length = from.length <= PIPE_BUF && from.length > room ? 0 : Math.min(from.length, room);
    if (length === 0) throw new SyscallError('EAGAIN', 'the FIFO is full');
    state.bytes.push(from.subarray(0, length));
    state.wakeups += 1;
    return length;
  },
  spliceWrite: iterFileSpliceWrite,
  /** Compare fs/pipe.c:pipe_poll(). */
  poll(file) {
    const { readers, writers, bytes } = stateOf(file);
    let mask = 0;
    if (file.readable) mask |= (bytes.length > 0 ? POLLIN : 0) | (writers === 0 ? POLLHUP : 0);
    if (file.writable) {
      mask |=
        (capacityOf(file.inode) - bytes.length >= PIPE_BUF ? POLLOUT : 0) |
        (readers === 0 ? POLLERR : 0);
    }
    return mask;
  },
};
