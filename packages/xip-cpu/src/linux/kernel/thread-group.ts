import type { Process } from 'xip-emu';
import { PendingSignals, type SignalHandlers } from '../signals/signal-state.js';
import type { FdTable } from './fd-table.js';
import type { Task } from './task.js';

/** The part of fs_struct that Process.fs does not have; shared with CLONE_FS. */
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
  /** When it expires, on the monotonic clock. */
  readonly due: number;
  /** The time between expiries; 0: it expires once. */
  readonly interval: number;
}

/** A process with its threads: struct signal_struct, and the state that threads share. */
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
  /** The signal that the parent gets when the process ends; 0: none. */
  exitSignal: number;
  exit: ExitState | undefined = undefined;
  /**
   * Set while the process is stopped: the signal that stopped it, and whether wait(2) has reported
   * it.
   */
  stopped: { readonly signal: number; told: boolean } | undefined = undefined;
  /** Set if SIGCONT has come and wait(2) has not reported it. */
  continued = false;
  readonly limits = new Map<number, ResourceLimit>();
  alarm: IntervalTimer | undefined = undefined;
  /** -20 to 19. */
  nice: number;
  /** comm: the name of the program, at most 15 bytes. */
  command: string;
  /** The arguments of execve(2), and the path. */
  argv: readonly string[] = [];
  envp: readonly string[] = [];
  executable = '';
  /** Instructions of the process, and of children that were waited for. */
  instructions = 0;
  childInstructions = 0;
  /** Whether it runs in the memory of its parent, until execve(2) or its end: vfork(2). */
  borrowsMemory = false;
  /** FDPIC_FUNCPTRS: whether pointers to functions lead to descriptors. */
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
    this.nice = parent?.nice ?? 0;
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
