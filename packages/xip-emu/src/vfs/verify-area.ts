import { SyscallError } from '../errno.js';

/** Where loff_t ends. */
const OFFSET_LIMIT = 2 ** 63;

/**
 * Checks that a position and the range to be read or written there are within loff_t; called before
 * the file's own operation. Compare fs/read_write.c:rw_verify_area().
 *
 * @throws SyscallError EINVAL.
 */
export function verifyArea(position: number, length: number): void {
  if (position >= OFFSET_LIMIT || position + length >= OFFSET_LIMIT) {
    throw new SyscallError('EINVAL', 'offset overflow');
  }
}
