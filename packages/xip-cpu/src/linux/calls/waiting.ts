import { isSyscallError, type OpenFile } from 'xip-emu';
import { dueOf } from '../fs/event-source.js';
import { pollHost } from '../fs/host-streams.js';
import type { Outcome } from '../kernel/outcome.js';
import { SIGPIPE, SI_KERNEL } from '../signals/numbers.js';
import { sendToTask } from '../signals/send.js';
import type { Caller } from './call.js';

/**
 * Reads or writes a file. At EAGAIN it waits, unless the file has O_NONBLOCK.
 *
 * @param partly returns what was done before a signal came, if anything.
 */
export function waitFor(
  caller: Caller,
  file: OpenFile,
  what: string,
  attempt: () => number,
  partly?: () => number | undefined,
): Outcome {
  const once = (): number | undefined => {
    try {
      return attempt();
    } catch (error) {
      if (isSyscallError(error, 'EPIPE')) {
        sendToTask(caller.kernel, caller.task, { signal: SIGPIPE, code: SI_KERNEL });
      }
      const done = partly?.();
      if (!isSyscallError(error, 'EAGAIN') || file.nonBlock) {
        if (isSyscallError(error) && done !== undefined) return done;
        throw error;
      }
      return undefined;
    }
  };
  const result = once();
  if (result !== undefined) return result;
  return {
    waits: `${what} ${file.path}`,
    restarts: true,
    wakes: () => dueOf([file]),
    attempt: once,
    interrupted: partly,
    outside: file.fops.poll === pollHost,
  };
}
