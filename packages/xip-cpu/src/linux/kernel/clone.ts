import { SyscallError } from 'xip-emu';
import type { LinuxKernel } from './kernel.js';
import { Task } from './task.js';
import { ThreadGroup } from './thread-group.js';
import type { Outcome } from './outcome.js';

// include/uapi/linux/sched.h
export const CSIGNAL = 0xff;
export const CLONE_VM = 0x100;
export const CLONE_FS = 0x200;
export const CLONE_FILES = 0x400;
export const CLONE_SIGHAND = 0x800;
export const CLONE_VFORK = 0x4000;
export const CLONE_PARENT = 0x8000;
export const CLONE_THREAD = 0x10000;
export const CLONE_SETTLS = 0x80000;
export const CLONE_PARENT_SETTID = 0x100000;
export const CLONE_CHILD_CLEARTID = 0x200000;
export const CLONE_CHILD_SETTID = 0x1000000;
/** CLONE_NEW*. There is one namespace of each kind. */
const CLONE_NAMESPACES = 0x7e020080;

/** struct kernel_clone_args */
export interface CloneRequest {
  /** CLONE_*, without the signal. */
  readonly flags: number;
  readonly exitSignal: number;
  /** The stack pointer of the child; 0: the parent's. */
  readonly stack: number;
  readonly parentTid: number;
  readonly childTid: number;
  readonly tls: number;
}

/** clone(2), fork(2), vfork(2). Compare kernel/fork.c:copy_process(). @throws SyscallError. */
export function clone(kernel: LinuxKernel, task: Task, request: CloneRequest): Outcome {
  const { flags } = request;
  const has = (flag: number): boolean => (flags & flag) !== 0;
  if (has(CLONE_THREAD) && !has(CLONE_SIGHAND)) throw new SyscallError('EINVAL');
  if (has(CLONE_SIGHAND) && !has(CLONE_VM)) throw new SyscallError('EINVAL');
  if (has(CLONE_NAMESPACES)) throw new SyscallError('EPERM', 'namespaces');
  // Compare kernel/fork.c:SYSCALL_DEFINE0(fork), dup_mm() without CONFIG_MMU.
  if (!has(CLONE_VM) && !kernel.machine.mmu) throw new SyscallError('EINVAL');
  const child = has(CLONE_THREAD) ? newThread(kernel, task) : newProcess(kernel, task, request);
  copyThread(kernel, child, request);
  if (has(CLONE_PARENT_SETTID)) task.space.writeInt32(request.parentTid, child.tid);
  if (has(CLONE_CHILD_CLEARTID)) child.clearChildTid = request.childTid;
  if (has(CLONE_CHILD_SETTID)) child.space.writeInt32(request.childTid, child.tid);
  kernel.addTask(child);
  kernel.activity += 1;
  if (!has(CLONE_VFORK)) return child.tid;
  const { group } = child;
  return {
    waits: `vfork of ${child.tid}`,
    restarts: false,
    uninterruptible: true,
    attempt: () => (has(CLONE_VM) && group.borrowsMemory ? undefined : child.tid),
  };
}

function newThread(kernel: LinuxKernel, { group, mm, space, blocked, name }: Task): Task {
  const thread = new Task(kernel.machine.allocPid(), group, mm, space);
  thread.blocked = blocked;
  thread.name = name;
  return thread;
}

function newProcess(kernel: LinuxKernel, task: Task, { flags, exitSignal }: CloneRequest): Task {
  const { machine, clock } = kernel;
  const { group: parent } = task;
  const sharesMemory = (flags & CLONE_VM) !== 0;
  // Until execve(2), a child that shares memory uses that of its parent.
  const process = sharesMemory
    ? machine.spawn(parent.process)
    : machine.fork(parent.process, task.mm);
  const sharesFiles = (flags & CLONE_FILES) !== 0;
  if (sharesMemory && !sharesFiles) process.files.inherit(parent.process.files);
  const group = new ThreadGroup(process, {
    parent: (flags & CLONE_PARENT) === 0 ? parent : parent.parent,
    fds: sharesFiles ? parent.fds.share() : parent.fds.copyTo(process.files),
    fs: (flags & CLONE_FS) === 0 ? { ...parent.fs } : parent.fs,
    handlers: (flags & CLONE_SIGHAND) === 0 ? parent.handlers.copy() : parent.handlers,
    exitSignal,
    started: clock.now,
  });
  const mm = sharesMemory ? task.mm : process.mm;
  group.borrowsMemory = sharesMemory;
  const child = new Task(process.pid, group, mm, kernel.spaceOf(mm));
  child.blocked = task.blocked;
  child.name = task.name;
  child.altStack = task.altStack;
  return child;
}

/** Sets the registers of a child. Compare arch/.../kernel/process.c:copy_thread(). */
function copyThread(kernel: LinuxKernel, child: Task, request: CloneRequest): void {
  const { processor, abi } = kernel;
  const { flags, stack, tls } = request;
  child.registers = processor.save();
  child.onResume.push(() => {
    processor.write(abi.registers.result, 0);
    if (stack !== 0) processor.write(abi.registers.stack, stack);
    if ((flags & CLONE_SETTLS) !== 0) abi.setThreadPointer(processor, tls);
  });
}
