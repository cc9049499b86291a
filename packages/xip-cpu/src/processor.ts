import type { UserMemory } from './memory/user-memory.js';

/** Why {@link Processor.run} came back. */
export type Stop =
  /** As many instructions as it was asked for. */
  | { readonly kind: 'limit' }
  /** ecall, svc: the pc is after it. */
  | { readonly kind: 'syscall' }
  /** ebreak, bkpt: the pc is at it. */
  | { readonly kind: 'breakpoint' }
  /** Nothing of the instruction has been done; the pc is at it. */
  | {
      readonly kind: 'fault';
      readonly signal: 'SIGSEGV' | 'SIGBUS';
      /** si_code without its prefix. */
      readonly code: string;
      readonly address: number;
    }
  /** Not an instruction of this processor, or one that is not implemented: `name` says which. */
  | { readonly kind: 'illegal'; readonly encoding: number; readonly name: string | undefined };

/** A user-mode processor: one thread of execution at a time, on one address space at a time. */
export interface Processor {
  /** Switches to an address space: context switch, execve. */
  use(memory: UserMemory): void;
  /** Executes at most `limit` instructions. */
  run(limit: number): Stop;
  pc: number;
  /** Instructions executed so far. */
  readonly executed: number;
  /** A general register as a signed integer; exact below 2^53. */
  read(register: number): number;
  /** A general register as an unsigned integer; exact below 2^53. */
  readUnsigned(register: number): number;
  /** A general register, signed, exactly. */
  readExact(register: number): bigint;
  write(register: number, value: number | bigint): void;
  /** The bits of a floating-point or vector register. */
  readFloat(register: number): bigint;
  writeFloat(register: number, bits: bigint): void;
  /** All of the user-visible state, for threads, fork and signal frames. */
  save(): Uint8Array;
  restore(state: Uint8Array): void;
  /** Drops the reservation of LR or LDREX: somebody else stored there, or the thread was switched. */
  clearReservation(): void;
}
