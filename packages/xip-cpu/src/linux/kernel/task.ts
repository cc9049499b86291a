import type { MemoryMap } from 'xip-emu';
import type { Processor } from '../../processor.js';
import { PendingSignals, type SignalSet } from '../signals/signal-state.js';
import type { Blocked } from './outcome.js';
import type { ThreadGroup } from './thread-group.js';
import type { UserSpace } from './user-space.js';

/** stack_t: where handlers with SA_ONSTACK run. */
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
  /** Its memory: that of its process, or of the parent after vfork(2). */
  mm: MemoryMap;
  space: UserSpace;
  state: 'ready' | 'blocked' | 'dead' = 'ready';
  wait: Blocked | undefined = undefined;
  /** Registers, while it is not on the processor; undefined before its first instruction. */
  registers: Uint8Array | undefined = undefined;
  /** What is done to the registers when it comes to the processor. */
  readonly onResume: ((processor: Processor) => void)[] = [];
  blocked: SignalSet = 0n;
  /** What is to be blocked again after the handler that ends sigsuspend(2). */
  savedMask: SignalSet | undefined = undefined;
  readonly pending = new PendingSignals();
  altStack = NO_STACK;
  /** Where a zero goes when it ends, and who waits there is woken. */
  clearChildTid = 0;
  /** The first argument of the system call that it is in. */
  callArgument = 0n;
  callName = '';
  /** The kernel's `activity` when its wait was tried last. */
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

  /** The signals that have come for it, or for its process. */
  get pendingSet(): SignalSet {
    return this.pending.set | this.group.pending.set;
  }

  /** sigaltstack(2) */
  resetAltStack(): void {
    this.altStack = NO_STACK;
  }
}
