import type { FaultReason, TraceEvent } from 'xip-emu';

/** A page fault of a program, or of the kernel on its behalf. */
export interface LoggedFault {
  readonly pid: number;
  /** Instructions executed before it. */
  readonly instruction: number;
  /** The address of the instruction that faulted; in a system call, of the instruction after it. */
  readonly pc: number;
  readonly kind: 'read' | 'write' | 'exec';
  readonly address: number;
  readonly why: FaultReason;
  /** Where the page is after the fault. */
  readonly place: string | undefined;
}

/** The number of faults that are kept; all are counted. */
const KEPT = 100_000;

/** The faults of a run. */
export class FaultLog {
  readonly faults: LoggedFault[] = [];
  /** The number of faults, without neighbours that were mapped with them. */
  count = 0;
  private readonly now: () => { readonly instruction: number; readonly pc: number };

  constructor(now: () => { readonly instruction: number; readonly pc: number }) {
    this.now = now;
  }

  /** Records an event: a sink of the machine's event log. */
  readonly take = (event: TraceEvent): void => {
    if (event.type !== 'fault' || event.why === 'fault-around') return;
    this.count += 1;
    if (this.faults.length === KEPT) return;
    const { pid, kind, address, why, frame } = event;
    this.faults.push({ ...this.now(), pid, kind, address, why, place: frame?.kind });
  };
}
