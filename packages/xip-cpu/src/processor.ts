import type { UserMemory } from './memory/user-memory.js';

/** Why {@link Processor.run} returned. */
export type Stop =
  /** The limit of instructions was reached. */
  | { readonly kind: 'limit' }
  /** ecall or svc. The pc is after it. */
  | { readonly kind: 'syscall' }
  /** ebreak or bkpt. The pc is at it. */
  | { readonly kind: 'breakpoint' }
  /** A fault. No part of the instruction was done, and the pc is at it. */
  | {
      readonly kind: 'fault';
      readonly signal: 'SIGSEGV' | 'SIGBUS';
      /** si_code without its prefix. */
      readonly code: string;
      readonly address: number;
    }
  /** The instruction does not exist on this processor, or is not implemented: `name` says which. */
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
  /** Returns all of the user-visible state, for threads, fork and signal frames. */
  save(): Uint8Array;
  restore(state: Uint8Array): void;
  /**
   * Drops the reservation of LR or LDREX, because of a store by somebody else or a switch of
   * threads.
   */
  clearReservation(): void;
}
