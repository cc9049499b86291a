import type { ThreadStart } from 'xip-emu';
import type { Processor } from '../../processor.js';
import type { NumberRuns } from './generic-numbers.js';
import type { Structs } from './structs.js';
import type { StructLayout } from './struct-layout.js';
import type { SignalFrameFormat } from '../signals/frame.js';

/** Flags of open(2) that architectures number in their own ways. */
export interface OpenFlagBits {
  readonly directory: number;
  readonly noFollow: number;
}

/** Registers by number, as {@link Processor.read} takes them. */
export interface CallRegisters {
  readonly number: number;
  readonly arguments: readonly number[];
  readonly result: number;
  readonly stack: number;
}

/** How programs of an architecture talk to the kernel: data that all system calls read. */
export interface Abi {
  readonly name: 'riscv64' | 'riscv32' | 'arm';
  /** What uname(2) calls the machine. */
  readonly machine: string;
  readonly pointerSize: 4 | 8;
  /** Names of system calls by number. */
  readonly calls: ReadonlyMap<number, string>;
  readonly registers: CallRegisters;
  /** An argument of 64 bits starts with an even register. */
  readonly alignsPairs: boolean;
  readonly openFlags: OpenFlagBits;
  readonly structs: Structs;
  /** What fstat(2), or fstat64(2), writes; undefined where there is only statx(2). */
  readonly stat: StructLayout | undefined;
  /** struct sigaction of rt_sigaction(2). */
  readonly sigaction: StructLayout;
  readonly signalFrame: SignalFrameFormat;
  /** The pages that the kernel maps for all programs, by the names that maps has for them. */
  specialPages(pageSize: number): ReadonlyMap<string, Uint8Array>;
  /** Where thread-local storage is: CLONE_SETTLS, set_tls. */
  setThreadPointer(processor: Processor, address: number): void;
  /** Sets the pc to an address that a function pointer has: of Thumb code it is odd. */
  jump(processor: Processor, address: number): void;
  /** Sets the pc back to the instruction that has just made a system call. */
  repeatCall(processor: Processor): void;
  /** What a program finds in its registers: start_thread(), ELF_PLAT_INIT(). */
  startThread(processor: Processor, start: ThreadStart): void;
}

/** Numbers of calls and their names. */
export function callTable(...tables: readonly NumberRuns[]): ReadonlyMap<number, string> {
  const calls = new Map<number, string>();
  for (const [first, names] of tables.flat()) {
    for (const [index, name] of names.trim().split(/\s+/).entries()) calls.set(first + index, name);
  }
  return calls;
}
