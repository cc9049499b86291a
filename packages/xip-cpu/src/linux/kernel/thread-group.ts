import type { Process } from 'xip-emu';
import { PendingSignals, type SignalHandlers } from '../signals/signal-state.js';
import type { FdTable } from './fd-table.js';
import type { Task } from './task.js';

/** fs_struct as far as Process.fs has not got it; CLONE_FS shares it. */
export interface FsState {
  umask: number;
}

/** How a process has ended: by exit(2), or by a signal. */
export type ExitState =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'killed'; readonly signal: number };

/** struct rlimit; Infinity is RLIM_INFINITY. */
export interface ResourceLimit {
  readonly cur: number;
  readonly max: number;
}

/** ITIMER_REAL */
export interface IntervalTimer {
  /** On the monotonic clock. */
  readonly due: number;
  /** 0: once. */
  readonly interval: number;
}

/** A process with its threads: struct signal_struct, and what threads share. */
export class ThreadGroup {
  readonly process: Process;
  parent: ThreadGroup | undefined;
  readonly children = new Set<ThreadGroup>();
  readonly tasks = new Set<Task>();
  fds: FdTable;
  fs: FsState;
  handlers: SignalHandlers;
  readonly pending = new PendingSignals();
  processGroup: number;
  session: number;
  /** What the parent gets when it ends; SIGCHLD, 0 for nothing. */
  exitSignal: number;
  exit: ExitState | undefined = undefined;
  /** Set while it is stopped: the signal that has done it, and whether wait(2) has told. */
  stopped: { readonly signal: number; told: boolean } | undefined = undefined;
  /** SIGCONT has come, and wait(2) has not told. */
  continued = false;
  readonly limits = new Map<number, ResourceLimit>();
  alarm: IntervalTimer | undefined = undefined;
  /** comm: the name of the program, 15 bytes at most. */
  command: string;
  /** The arguments that execve(2) has got, and the path. */
  argv: readonly string[] = [];
  envp: readonly string[] = [];
  executable = '';
  /** Instructions of it, and of children that were waited for. */
  instructions = 0;
  childInstructions = 0;
  /** It runs in the memory of its parent until execve(2) or its end: vfork(2). */
  borrowsMemory = false;
  /** FDPIC_FUNCPTRS: pointers to functions lead to descriptors. */
  isFdpic = false;
  readonly started: number;

  constructor(
    process: Process,
    state: {
      readonly parent: ThreadGroup | undefined;
      readonly fds: FdTable;
      readonly fs: FsState;
      readonly handlers: SignalHandlers;
      readonly exitSignal: number;
      readonly started: number;
    },
  ) {
    const { parent } = state;
    this.process = process;
    this.parent = parent;
    this.fds = state.fds;
    this.fs = state.fs;
    this.handlers = state.handlers;
    this.exitSignal = state.exitSignal;
    this.started = state.started;
    // The kernel starts the first process in its own group and session.
    this.processGroup = parent?.processGroup ?? 0;
    this.session = parent?.session ?? 0;
    this.command = parent?.command ?? '';
    this.argv = parent?.argv ?? [];
    this.envp = parent?.envp ?? [];
    this.executable = parent?.executable ?? '';
    for (const [resource, limit] of parent?.limits ?? []) this.limits.set(resource, limit);
    parent?.children.add(this);
  }

  /** tgid */
  get pid(): number {
    return this.process.pid;
  }
}
