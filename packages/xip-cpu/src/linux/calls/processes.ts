import { SyscallError } from 'xip-emu';
import { CLONE_VFORK, CLONE_VM, CSIGNAL, clone } from '../kernel/clone.js';
import { execve } from '../kernel/exec.js';
import { exitGroup, exitTask } from '../kernel/exit.js';
import { REGISTERS_SET, type Outcome } from '../kernel/outcome.js';
import { SIGCHLD } from '../signals/numbers.js';
import { call, type CallTable, type Caller } from './call.js';
import { AT_EMPTY_PATH, AT_FDCWD, fileOf, fromDirectory, pathOf } from './paths.js';
import { waitCalls } from './wait.js';

/** The limit of an endless list of strings. MAX_ARG_STRINGS is far above what memory allows. */
const MAX_STRINGS = 1 << 18;
const MAX_STRING = 131072;

/** Reads argv or envp. @throws SyscallError EFAULT, E2BIG. */
function stringsAt({ kernel, task }: Caller, address: number): string[] {
  const { pointerSize } = kernel.abi;
  const strings: string[] = [];
  if (address === 0) return strings;
  for (let at = address; ; at += pointerSize) {
    const pointer = task.space.readWord(at, pointerSize);
    if (pointer === 0) return strings;
    if (strings.length === MAX_STRINGS) throw new SyscallError('E2BIG');
    strings.push(task.space.string(pointer, MAX_STRING));
  }
}

function exec(caller: Caller, path: string, argv: number, envp: number): Outcome {
  execve(caller.kernel, caller.task, path, stringsAt(caller, argv), stringsAt(caller, envp));
  return REGISTERS_SET;
}

/** Compare kernel/fork.c:SYSCALL_DEFINE2(clone3). */
function clone3({ kernel, task }: Caller, address: number, size: number): Outcome {
  const { cloneArgs } = kernel.abi.structs;
  if (size < 64) throw new SyscallError('EINVAL');
  const bytes = new Uint8Array(cloneArgs.size);
  bytes.set(task.space.read(address, Math.min(size, cloneArgs.size)));
  const get = (name: string): number => cloneArgs.get(bytes, name);
  const stack = get('stack');
  return clone(kernel, task, {
    flags: get('flags'),
    exitSignal: get('exitSignal'),
    stack: stack === 0 ? 0 : stack + get('stackSize'),
    parentTid: get('parentTid'),
    childTid: get('childTid'),
    tls: get('tls'),
  });
}

const NO_IDS = { stack: 0, parentTid: 0, childTid: 0, tls: 0 };

export const processCalls: CallTable = {
  ...waitCalls,
  // CONFIG_CLONE_BACKWARDS: the thread pointer comes before the child's id.
  clone: call('size ptr ptr ptr ptr', ({ kernel, task }, flags, stack, parentTid, tls, childTid) =>
    clone(kernel, task, {
      flags: flags - (flags % (CSIGNAL + 1)),
      exitSignal: flags % (CSIGNAL + 1),
      stack,
      parentTid,
      childTid,
      tls,
    }),
  ),
  clone3: call('ptr size', clone3),
  fork: call('', ({ kernel, task }) =>
    clone(kernel, task, { ...NO_IDS, flags: 0, exitSignal: SIGCHLD }),
  ),
  vfork: call('', ({ kernel, task }) =>
    clone(kernel, task, { ...NO_IDS, flags: CLONE_VFORK | CLONE_VM, exitSignal: SIGCHLD }),
  ),
  execve: call('path ptr ptr', (caller, path, argv, envp) =>
    exec(caller, fromDirectory(caller, AT_FDCWD, pathOf(caller, path)), argv, envp),
  ),
  execveat: call('int path ptr ptr int', (caller, dirfd, path, argv, envp, flags) => {
    const name = pathOf(caller, path);
    const isFile = name === '' && (flags & AT_EMPTY_PATH) !== 0;
    const target = isFile ? fileOf(caller, dirfd).path : fromDirectory(caller, dirfd, name);
    return exec(caller, target, argv, envp);
  }),
  exit: call('int', ({ kernel, task }, status) => {
    exitTask(kernel, task, status & 0xff);
    return REGISTERS_SET;
  }),
  exit_group: call('int', ({ kernel, task }, status) => {
    exitGroup(kernel, task.group, { kind: 'exited', status: status & 0xff });
    return REGISTERS_SET;
  }),
  // Turning the machine off ends the run.
  reboot: call('uint uint uint ptr', ({ kernel, task }) => {
    exitGroup(kernel, kernel.firstGroup ?? task.group, { kind: 'exited', status: 0 });
    return REGISTERS_SET;
  }),
  set_tid_address: call('ptr', ({ task }, address) => {
    task.clearChildTid = address;
    return task.tid;
  }),
  set_tls: call('ptr', ({ kernel }, address) => {
    kernel.abi.setThreadPointer(kernel.processor, address);
    return 0;
  }),
  set_robust_list: call('ptr size', () => 0),
  unshare: call('size', (_caller, flags) => {
    if (flags !== 0) throw new SyscallError('EPERM', 'namespaces');
    return 0;
  }),
};
