import { SyscallError, type OpenFile } from 'xip-emu';
import { SIGXFSZ, SI_KERNEL } from '../signals/numbers.js';
import { sendToTask } from '../signals/send.js';
import type { Caller } from './call.js';

const RLIMIT_FSIZE = 1;

/**
 * Returns how many bytes may be written to a file at a position. Compare
 * fs/read_write.c:generic_write_check_limits().
 *
 * @throws SyscallError EFBIG, after SIGXFSZ, if none may.
 */
export function writableBytes(
  caller: Caller,
  file: OpenFile,
  position: number | undefined,
): number {
  if (!file.inode.isRegular) return Infinity;
  const at = file.append ? file.inode.size : (position ?? file.position);
  const limit = limitOf(caller);
  if (at >= limit) throw tooLarge(caller);
  return limit - at;
}

/** Compare fs/attr.c:inode_newsize_ok(). @throws SyscallError EFBIG, after SIGXFSZ. */
export function checkNewSize(caller: Caller, oldSize: number, size: number): void {
  if (size > oldSize && size > limitOf(caller)) throw tooLarge(caller);
}

function limitOf({ task }: Caller): number {
  return task.group.limits.get(RLIMIT_FSIZE)?.cur ?? Infinity;
}

function tooLarge({ kernel, task }: Caller): SyscallError {
  sendToTask(kernel, task, { signal: SIGXFSZ, code: SI_KERNEL });
  return new SyscallError('EFBIG', 'RLIMIT_FSIZE');
}
