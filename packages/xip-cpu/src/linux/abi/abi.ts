import type { ThreadStart } from 'xip-emu';
import type { Processor } from '../../processor.js';
import type { Structs } from './structs.js';
import type { StructLayout } from './struct-layout.js';
import type { SignalFrameFormat } from '../signals/frame.js';

/** Flags of open(2) whose numbers differ between architectures. */
export interface OpenFlagBits {
  readonly directory: number;
  readonly noFollow: number;
}

/** Numbers of registers, for {@link Processor.read}. */
export interface CallRegisters {
  readonly number: number;
  readonly arguments: readonly number[];
  readonly result: number;
  readonly stack: number;
}

/** The memory of a process as the kernel reads and writes it. @throws SyscallError EFAULT. */
export interface CopyUser {
  read(address: number, length: number): Uint8Array;
  write(address: number, bytes: Uint8Array): void;
}

/** What became of an instruction that the kernel has executed for a program. */
export interface Emulation {
  /** The address that it could not access. */
  readonly fault?: number;
}

/**
 * The interface between programs of an architecture and the kernel, as data that all system calls
 * use.
 */
export interface Abi {
  readonly name: 'riscv64' | 'riscv32' | 'arm';
  /** The machine name of uname(2). */
  readonly machine: string;
  readonly pointerSize: 4 | 8;
  /** Names of system calls by number. */
  readonly calls: ReadonlyMap<number, string>;
  readonly registers: CallRegisters;
  /** Whether an argument of 64 bits starts with an even register. */
  readonly alignsPairs: boolean;
  readonly openFlags: OpenFlagBits;
  readonly structs: Structs;
  /** The structure of fstat(2) or fstat64(2); undefined if there is only statx(2). */
  readonly stat: StructLayout | undefined;
  /** The struct sigaction of rt_sigaction(2). */
  readonly sigaction: StructLayout;
  readonly signalFrame: SignalFrameFormat;
  /** Returns the pages that the kernel maps for all programs, by their names in /proc/PID/maps. */
  specialPages(pageSize: number): ReadonlyMap<string, Uint8Array>;
  /** Sets the address of thread-local storage: CLONE_SETTLS, set_tls. */
  setThreadPointer(processor: Processor, address: number): void;
  /** Sets the pc to the value of a function pointer, which is odd for Thumb code. */
  jump(processor: Processor, address: number): void;
  /** Sets the pc back to the instruction that has just made a system call. */
  repeatCall(processor: Processor): void;
  /** Sets the registers of a program that starts: start_thread(), ELF_PLAT_INIT(). */
  startThread(processor: Processor, start: ThreadStart): void;
  /**
   * Executes an instruction that the processor does not know; undefined if the kernel does not know it either. The pc is
   * at it.
   */
  emulate?(processor: Processor, memory: CopyUser, encoding: number): Emulation | undefined;
}
