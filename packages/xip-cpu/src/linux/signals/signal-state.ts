import { SIGCHLD, SIGCONT, SIGKILL, SIGNAL_LIMIT, SIGSTOP, defaultAction } from './numbers.js';

/** A set of signals: bit N - 1 is signal N. */
export type SignalSet = bigint;

export const SIG_DFL = 0;
export const SIG_IGN = 1;

// include/uapi/asm-generic/signal-defs.h
export const SA_NOCLDSTOP = 1;
export const SA_NOCLDWAIT = 2;
export const SA_SIGINFO = 4;
export const SA_RESTORER = 0x04000000;
export const SA_ONSTACK = 0x08000000;
export const SA_RESTART = 0x10000000;
export const SA_NODEFER = 0x40000000;
export const SA_RESETHAND = 0x80000000;

/** struct k_sigaction */
export interface SignalAction {
  /** SIG_DFL, SIG_IGN, or the address of a function. */
  readonly handler: number;
  readonly flags: number;
  readonly restorer: number;
  readonly mask: SignalSet;
}

/** The data of one signal: siginfo_t. */
export interface SignalInfo {
  readonly signal: number;
  readonly code: number;
  /** The sender's process id. */
  readonly pid?: number | undefined;
  /** The exit status, for SIGCHLD. */
  readonly status?: number | undefined;
  /** The address that was accessed, for faults. */
  readonly address?: number | undefined;
}

const DEFAULT_ACTION: SignalAction = { handler: SIG_DFL, flags: 0, restorer: 0, mask: 0n };

/** Signals that cannot be blocked, caught or ignored. */
export const UNBLOCKABLE = bitOf(SIGKILL) | bitOf(SIGSTOP);

export function bitOf(signal: number): SignalSet {
  return 1n << BigInt(signal - 1);
}

/** struct sighand_struct: what a process does with each signal. */
export class SignalHandlers {
  private readonly actions = new Map<number, SignalAction>();

  get(signal: number): SignalAction {
    return this.actions.get(signal) ?? DEFAULT_ACTION;
  }

  set(signal: number, action: SignalAction): void {
    this.actions.set(signal, action);
  }

  /** fork(2). */
  copy(): SignalHandlers {
    const copy = new SignalHandlers();
    for (const [signal, action] of this.actions) copy.set(signal, action);
    return copy;
  }

  /**
   * execve(2): removes the handlers, whose code is gone. Compare
   * kernel/signal.c:flush_signal_handlers().
   */
  flush(): void {
    for (const [signal, { handler }] of [...this.actions]) {
      if (handler === SIG_IGN) this.set(signal, { ...DEFAULT_ACTION, handler: SIG_IGN });
      else this.actions.delete(signal);
    }
  }

  /** sig_ignored(): whether the signal has no effect. */
  ignores(signal: number): boolean {
    const { handler } = this.get(signal);
    return handler === SIG_IGN || (handler === SIG_DFL && defaultAction(signal) === 'ignore');
  }

  /** Whether children leave no zombies. */
  get reapsChildren(): boolean {
    const { handler, flags } = this.get(SIGCHLD);
    return handler === SIG_IGN || (flags & SA_NOCLDWAIT) !== 0;
  }
}

/**
 * struct sigpending: signals that were sent but not yet delivered. A second one of the same number
 * is lost.
 */
export class PendingSignals {
  private readonly queue = new Map<number, SignalInfo>();

  get set(): SignalSet {
    let set = 0n;
    for (const signal of this.queue.keys()) set |= bitOf(signal);
    return set;
  }

  get isEmpty(): boolean {
    return this.queue.size === 0;
  }

  add(info: SignalInfo): void {
    if (!this.queue.has(info.signal)) this.queue.set(info.signal, info);
  }

  remove(...signals: readonly number[]): void {
    for (const signal of signals) this.queue.delete(signal);
  }

  /**
   * Returns the pending signal with the lowest number that `mask` does not block. Compare
   * kernel/signal.c:next_signal().
   */
  peek(mask: SignalSet): SignalInfo | undefined {
    if (this.isEmpty) return undefined;
    for (let signal = 1; signal <= SIGNAL_LIMIT; signal += 1) {
      const info = this.queue.get(signal);
      if (info !== undefined && (mask & bitOf(signal)) === 0n) return info;
    }
    return undefined;
  }

  take(mask: SignalSet): SignalInfo | undefined {
    const info = this.peek(mask);
    if (info !== undefined) this.queue.delete(info.signal);
    return info;
  }
}

/** Whether a signal ends a stop. */
export function continues(signal: number): boolean {
  return signal === SIGCONT || signal === SIGKILL;
}
