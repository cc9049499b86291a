import { SyscallError, type OpenFile } from 'xip-emu';
import type { Outcome } from '../kernel/outcome.js';
import { call, type CallTable, type Caller } from './call.js';
import { writableBytes } from './file-size-limit.js';
import { fileOf } from './paths.js';
import { waitFor } from './waiting.js';

/** MAX_RW_COUNT */
const MAX_COUNT = 0x7ffff000;
/** How many bytes go through the kernel at once. */
const PIECE = 1 << 17;
const IOV_MAX = 1024;

/** A part of user memory: struct iovec. */
interface Piece {
  readonly base: number;
  readonly length: number;
}

/**
 * Moves bytes between a file and user memory. @param position undefined: the file's own position.
 */
interface Transfer {
  readonly file: OpenFile;
  readonly pieces: readonly Piece[];
  readonly position: number | undefined;
}

function readFile(caller: Caller, { file, pieces, position }: Transfer): Outcome {
  const { process } = caller.task.group;
  return waitFor(caller, file, 'read', () => {
    let done = 0;
    for (const { base, length } of pieces) {
      for (let at = 0; at < length;) {
        const buffer = new Uint8Array(Math.min(length - at, PIECE));
        let got: number;
        try {
          got =
            position === undefined
              ? process.read(file, buffer)
              : process.pread(file, position + done, buffer);
        } catch (error) {
          if (done > 0 && error instanceof SyscallError) return done;
          throw error;
        }
        caller.task.space.write(base + at, buffer.subarray(0, got));
        at += got;
        done += got;
        if (got < buffer.length || (file.fops.isStream === true && done > 0)) return done;
      }
    }
    return done;
  });
}

function writeFile(caller: Caller, { file, pieces, position }: Transfer): Outcome {
  const { task } = caller;
  const { process } = task.group;
  let done = 0;
  const total = pieces.reduce((sum, { length }) => sum + length, 0);
  const attempt = (): number => {
    let before = 0;
    for (const { base, length } of pieces) {
      while (done < before + length) {
        const at = done - before;
        const room = writableBytes(
          caller,
          file,
          position === undefined ? undefined : position + done,
        );
        const wanted = Math.min(length - at, PIECE);
        const bytes = task.space.read(base + at, Math.min(wanted, room));
        done +=
          position === undefined
            ? process.write(file, bytes)
            : process.pwrite(file, position + done, bytes);
        if (bytes.length < wanted) return done;
      }
      before += length;
    }
    // Writing nothing also returns an error of the file.
    if (total === 0) process.write(file, new Uint8Array(0));
    return done;
  };
  return waitFor(caller, file, 'write', attempt, () => (done > 0 ? done : undefined));
}

function one(base: number, length: number): Piece[] {
  return [{ base, length: Math.min(length, MAX_COUNT) }];
}

/** Compare lib/iov_iter.c:import_iovec(). @throws SyscallError EINVAL, EFAULT. */
function vector({ kernel, task }: Caller, address: number, count: number): Piece[] {
  if (count < 0 || count > IOV_MAX) throw new SyscallError('EINVAL');
  const { iovec } = kernel.abi.structs;
  return Array.from({ length: count }, (_, index) => {
    const bytes = task.space.readStruct(address + index * iovec.size, iovec);
    const length = iovec.get(bytes, 'len');
    if (length > MAX_COUNT) throw new SyscallError('EINVAL');
    return { base: iovec.get(bytes, 'base'), length };
  });
}

function positioned(file: OpenFile, pieces: readonly Piece[], position: number): Transfer {
  if (position < 0) throw new SyscallError('EINVAL');
  return { file, pieces, position };
}

/**
 * Returns the position of preadv(2) or pwritev(2), which is in two registers whatever their width
 * is.
 */
function offsetOf(caller: Caller, low: number, high: number): number {
  return caller.kernel.abi.pointerSize === 8 ? low : high * 2 ** 32 + (low >>> 0);
}

export const readWriteCalls: CallTable = {
  read: call('int ptr size', (caller, fd, buffer, count) =>
    readFile(caller, { file: fileOf(caller, fd), pieces: one(buffer, count), position: undefined }),
  ),
  write: call('int ptr size', (caller, fd, buffer, count) =>
    writeFile(caller, {
      file: fileOf(caller, fd),
      pieces: one(buffer, count),
      position: undefined,
    }),
  ),
  readv: call('int ptr int', (caller, fd, address, count) =>
    readFile(caller, {
      file: fileOf(caller, fd),
      pieces: vector(caller, address, count),
      position: undefined,
    }),
  ),
  writev: call('int ptr int', (caller, fd, address, count) =>
    writeFile(caller, {
      file: fileOf(caller, fd),
      pieces: vector(caller, address, count),
      position: undefined,
    }),
  ),
  pread64: call('int ptr size off', (caller, fd, buffer, count, position) =>
    readFile(caller, positioned(fileOf(caller, fd), one(buffer, count), position)),
  ),
  pwrite64: call('int ptr size off', (caller, fd, buffer, count, position) =>
    writeFile(caller, positioned(fileOf(caller, fd), one(buffer, count), position)),
  ),
  preadv: call('int ptr int long long', (caller, fd, address, count, low, high) =>
    readFile(
      caller,
      positioned(fileOf(caller, fd), vector(caller, address, count), offsetOf(caller, low, high)),
    ),
  ),
  pwritev: call('int ptr int long long', (caller, fd, address, count, low, high) =>
    writeFile(
      caller,
      positioned(fileOf(caller, fd), vector(caller, address, count), offsetOf(caller, low, high)),
    ),
  ),
};
