import { SyscallError } from 'xip-emu';
import type { ThreadGroup } from '../kernel/thread-group.js';
import { call, type CallTable, type Caller } from './call.js';

// include/uapi/linux/resource.h
const PRIO_PROCESS = 0;
const PRIO_PGRP = 1;
const PRIO_USER = 2;
const MIN_NICE = -20;
const MAX_NICE = 19;
/** getpriority(2) gives a nice value of 20 as 0, so that no result is below 1. */
const NICE_TO_RLIMIT = 20;

/** Returns the processes that are meant. @throws SyscallError EINVAL, ESRCH. */
function meant({ kernel, task }: Caller, which: number, who: number): ThreadGroup[] {
  const alive = [...kernel.groups.values()].filter(({ exit }) => exit === undefined);
  const isMeant = ({ pid, processGroup }: ThreadGroup): boolean => {
    switch (which) {
      case PRIO_PROCESS:
        return pid === (who === 0 ? task.group.pid : who);
      case PRIO_PGRP:
        return processGroup === (who === 0 ? task.group.processGroup : who);
      case PRIO_USER:
        return who === 0;
      default:
        throw new SyscallError('EINVAL');
    }
  };
  const found = alive.filter(isMeant);
  if (found.length === 0) throw new SyscallError('ESRCH');
  return found;
}

/** Nice values are kept, and change nothing: turns are of one length. Compare kernel/sys.c. */
export const priorityCalls: CallTable = {
  getpriority: call('int int', (caller, which, who) =>
    Math.max(...meant(caller, which, who).map(({ nice }) => NICE_TO_RLIMIT - nice)),
  ),
  setpriority: call('int int int', (caller, which, who, nice) => {
    const value = Math.min(Math.max(nice, MIN_NICE), MAX_NICE);
    for (const group of meant(caller, which, who)) group.nice = value;
    return 0;
  }),
};
