import type { MemoryMap } from 'xip-emu';
import type { Processor } from '../../processor.js';
import { PendingSignals, type SignalSet } from '../signals/signal-state.js';
import type { Blocked } from './outcome.js';
import type { ThreadGroup } from './thread-group.js';
import type { UserSpace } from './user-space.js';

/** stack_t: the stack of handlers with SA_ONSTACK. */
export interface AlternateStack {
  readonly sp: number;
  readonly size: number;
  readonly flags: number;
}

const NO_STACK: AlternateStack = { sp: 0, size: 0, flags: 2 };

/** struct task_struct: a thread. */
export class Task {
  readonly tid: number;
  readonly group: ThreadGroup;
  /** The thread's memory: that of its process, or of the parent after vfork(2). */
  mm: MemoryMap;
  space: UserSpace;
  state: 'ready' | 'blocked' | 'dead' = 'ready';
  wait: Blocked | undefined = undefined;
  /** Registers while another task is on the processor; undefined before the first instruction. */
  registers: Uint8Array | undefined = undefined;
  /** Changes to the registers that are made when the task is next on the processor. */
  readonly onResume: ((processor: Processor) => void)[] = [];
  blocked: SignalSet = 0n;
  /** The signal mask to restore after the handler that ends sigsuspend(2). */
  savedMask: SignalSet | undefined = undefined;
  readonly pending = new PendingSignals();
  altStack = NO_STACK;
  /**
   * The address of a word that is set to zero, and whose waiters are woken, when the thread ends.
   */
  clearChildTid = 0;
  /** The first argument of the current system call. */
  callArgument = 0n;
  callName = '';
  /** The kernel's `activity` when the wait was last tried. */
  triedAt = -1;
  name: string;

  constructor(tid: number, group: ThreadGroup, mm: MemoryMap, space: UserSpace) {
    this.tid = tid;
    this.group = group;
    this.mm = mm;
    this.space = space;
    this.name = group.command;
    group.tasks.add(this);
  }

  /** The signals that are pending for the thread, or for its process. */
  get pendingSet(): SignalSet {
    return this.pending.set | this.group.pending.set;
  }

  /** sigaltstack(2) */
  resetAltStack(): void {
    this.altStack = NO_STACK;
  }
}
