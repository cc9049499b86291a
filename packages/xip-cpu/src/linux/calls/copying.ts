import { SyscallError, type OpenFile } from 'xip-emu';
import type { Outcome } from '../kernel/outcome.js';
import { call, type CallTable, type Caller } from './call.js';
import { fileOf } from './paths.js';
import { waitFor } from './waiting.js';

/** The start of a copy in a file, and the function that is told its end. */
interface CopyPlace {
  readonly file: OpenFile;
  readonly position: number;
  readonly moveTo: (position: number) => void;
}

/** The file's own position. */
function ownPlace(file: OpenFile): CopyPlace {
  return {
    file,
    position: file.position,
    moveTo(position) {
      if (file.fops.isStream !== true) file.position = position;
    },
  };
}

/** A position in user memory, of as many bytes as off_t or loff_t. */
function givenPlace({ task }: Caller, file: OpenFile, address: number, size: 4 | 8): CopyPlace {
  const { space } = task;
  if (size === 4) {
    const moveTo = (position: number): void => {
      space.writeInt32(address, position);
    };
    return { file, position: space.readInt32(address), moveTo };
  }
  const position = Number(BigInt.asIntN(64, space.readBits64(address)));
  const moveTo = (end: number): void => {
    space.writeBits64(address, BigInt(end));
  };
  return { file, position, moveTo };
}

/** Copies, after both calls have checked the files. */
function copy(caller: Caller, from: CopyPlace, to: CopyPlace, count: number): Outcome {
  if (from.position < 0 || to.position < 0) throw new SyscallError('EINVAL');
  const { process } = caller.task.group;
  return waitFor(caller, to.file, 'sendfile', () => {
    const done = process.sendfile(from, to, count);
    if (done > 0) {
      to.moveTo(to.position + done);
      from.moveTo(from.position + done);
    }
    return done;
  });
}

/** Compare fs/read_write.c:do_sendfile(). */
function sendfile(
  caller: Caller,
  [output, input]: readonly [number, number],
  address: number,
  count: number,
  offsetSize: 4 | 8,
): Outcome {
  const from = fileOf(caller, input);
  if (!from.readable) throw new SyscallError('EBADF');
  if (address !== 0 && from.fops.isStream === true) throw new SyscallError('ESPIPE');
  const place = address === 0 ? ownPlace(from) : givenPlace(caller, from, address, offsetSize);
  return copy(caller, place, ownPlace(fileOf(caller, output)), count);
}

/** Compare fs/read_write.c:generic_file_rw_checks(), generic_copy_file_checks(). */
function checkCopy(from: CopyPlace, to: CopyPlace, count: number): number {
  const [input, output] = [from.file.userInode, to.file.userInode];
  if (input.isDirectory || output.isDirectory) throw new SyscallError('EISDIR');
  if (!input.isRegular || !output.isRegular) throw new SyscallError('EINVAL');
  if (!from.file.readable || !to.file.writable || to.file.append) throw new SyscallError('EBADF');
  if (input.sb !== output.sb) throw new SyscallError('EXDEV');
  const length = Math.max(0, Math.min(count, input.size - from.position));
  const overlaps = to.position + length > from.position && to.position < from.position + length;
  if (input === output && overlaps) throw new SyscallError('EINVAL');
  return length;
}

export const copyingCalls: CallTable = {
  // off_t has the bytes of a register, loff_t 8.
  sendfile: call('int int ptr size', (caller, output, input, address, count) =>
    sendfile(caller, [output, input], address, count, caller.kernel.abi.pointerSize),
  ),
  sendfile64: call('int int ptr size', (caller, output, input, address, count) =>
    sendfile(caller, [output, input], address, count, 8),
  ),
  copy_file_range: call(
    'int ptr int ptr size uint',
    (caller, input, inputAt, output, outputAt, count, flags) => {
      const [from, to] = [
        [input, inputAt],
        [output, outputAt],
      ].map(([fd, address]) => {
        const file = fileOf(caller, fd!);
        return address === 0 ? ownPlace(file) : givenPlace(caller, file, address!, 8);
      });
      if (flags !== 0) throw new SyscallError('EINVAL');
      return copy(caller, from!, to!, checkCopy(from!, to!, count));
    },
  ),
};
