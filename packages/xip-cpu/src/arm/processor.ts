import base64 from '#arm-module';
import { CodeCache, LONGEST_LINE } from '../memory/code-cache.js';
import { MemoryFault, isFault, type Fault } from '../memory/fault.js';
import { PIECE, READ_TLB, WRITE_TLB } from '../memory/layout.js';
import type { LinearMemory } from '../memory/linear-memory.js';
import { Translation } from '../memory/translation.js';
import type { UserMemory } from '../memory/user-memory.js';
import type { Processor, Stop } from '../processor.js';
import { Emitter } from './emitter.js';
import { kernelHelpers } from './kernel-helpers.js';
import {
  BUDGET,
  CARRY_FLAG,
  EXIT_OPERATION,
  EXIT_PC,
  FLOATS,
  FPSCR,
  GE_FLAGS,
  HELPERS,
  LOOKUP,
  MONITOR_SIZE,
  NZ,
  OVERFLOW_FLAG,
  Q_FLAG,
  STATE,
  STATE_BYTES,
  STRICT,
  TPIDRURO,
} from './layout.js';
import { ArmLines } from './lines.js';
import * as op from './operations.js';
import { advanceIt } from './t32/index.js';

/** Options of an ARM processor. */
export interface ArmOptions {
  /** ARMv7-A with A32 and T32, or ARMv7-M and ARMv8-M with T32 only. Default "A". */
  readonly profile?: 'A' | 'M';
  /**
   * What happens at LDM, STM, LDRD and STRD with unaligned addresses. Either the kernel completes
   * them, the default of Linux with an MMU (arch/arm/mm/alignment.c), or the program gets SIGBUS,
   * the default of the M profile.
   */
  readonly alignment?: 'fix-up' | 'signal';
  /** Bytes for decoded instructions. Default 16 MiB. */
  readonly cache?: number;
}

const USER_MODE = 0x10;
/** The page of the exception vectors and of the kernel's user helpers. */
const VECTORS = 0xffff0000;
/**
 * Instructions between two entries of the loop. The engine can replace the loop by better machine
 * code only at an entry.
 */
const SLICE = 1 << 20;
const THUMB_SAVED = STATE_BYTES;
const IT_SAVED = STATE_BYTES + 1;
const PC_SAVED = STATE_BYTES + 4;
const SAVED_BYTES = STATE_BYTES + 8;
/** Register 32 of {@link ArmProcessor.readFloat}. */
const FPSCR_REGISTER = 32;

/** An ARM processor in user mode: A32, T32, VFPv4 and Advanced SIMD, little endian. */
export class ArmProcessor implements Processor {
  private readonly linear: LinearMemory;
  private readonly profile: 'A' | 'M';
  private readonly state: DataView;
  private readonly bytes: Uint8Array;
  private readonly emitter: Emitter;
  private readonly lines: ArmLines;
  private readonly translation: Translation;
  private readonly code: CodeCache;
  private readonly loop: (operation: number) => number;
  private address = 0;
  /** The Thumb bit. */
  private mode: number;
  private it = 0;
  private count = 0;
  /** The operation whose access takes a fault. */
  private accessing = 0;
  /** The budget that the loop was given. */
  private granted = 0;

  constructor(linear: LinearMemory, options: ArmOptions = {}) {
    const { profile = 'A', cache } = options;
    const { alignment = profile === 'A' ? 'fix-up' : 'signal' } = options;
    const { memory } = linear;
    this.linear = linear;
    this.profile = profile;
    this.mode = profile === 'M' ? 1 : 0;
    this.state = new DataView(memory.buffer, STATE, STATE_BYTES);
    this.bytes = new Uint8Array(memory.buffer, STATE, STATE_BYTES);
    this.state.setUint32(STRICT, alignment === 'signal' ? 1 : 0, true);
    this.emitter = new Emitter(memory);
    this.emitter.microcontroller = profile === 'M';
    this.lines = new ArmLines(memory, this.emitter);
    const helpers = profile === 'A' ? { address: VECTORS, place: HELPERS } : undefined;
    if (helpers !== undefined) kernelHelpers(new DataView(memory.buffer, HELPERS, PIECE));
    this.translation = new Translation(memory, helpers);
    this.code = new CodeCache(linear, this.translation, this.lines, {
      isAbsolute: true,
      bytes: cache,
    });
    const { exports } = new WebAssembly.Instance(compiled(), {
      env: { memory },
      processor: {
        translate: (address: number, stored: number, operation: number) =>
          this.translate(address >>> 0, stored, operation >>> 0),
        unaligned: (address: number, operation: number) => {
          this.accessing = operation >>> 0;
          throw new MemoryFault('SIGBUS', 'ADRALN', address >>> 0);
        },
      },
    });
    this.loop = (exports as unknown as { run: (operation: number) => number }).run;
  }

  use(memory: UserMemory): void {
    this.linear.checkPages(memory);
    this.translation.use(memory);
    this.clearReservation();
  }

  run(limit: number): Stop {
    const end = this.count + limit;
    try {
      for (;;) {
        this.translation.refresh();
        const left = end - this.count;
        if (left <= 0) return { kind: 'limit' };
        const isShort = this.it !== 0 || left <= LONGEST_LINE;
        const stop = isShort ? this.runOnce(left) : this.runLines(Math.min(left, SLICE));
        if (stop !== undefined) return stop;
      }
    } catch (error) {
      if (!isFault(error)) throw error;
      return this.faulted(error);
    }
  }

  /** The address of the next instruction. */
  get pc(): number {
    return this.accessing === 0 ? this.address : this.emitter.origin(this.accessing).pc;
  }

  /** Branches as BX does: bit 0 selects T32. The M profile has T32 only. */
  set pc(address: number) {
    this.mode = this.profile === 'M' ? 1 : address & 1;
    this.address = (this.mode === 1 ? address & ~1 : address & ~3) >>> 0;
    this.it = 0;
  }

  /** Whether the next instruction is in T32. */
  get thumb(): boolean {
    return this.mode === 1;
  }

  get executed(): number {
    const before = this.count + this.granted - this.state.getInt32(BUDGET, true);
    return this.accessing === 0 ? before : before + this.emitter.origin(this.accessing).index;
  }

  read(register: number): number {
    return register === 15 ? this.address | 0 : this.state.getInt32(register * 4, true);
  }

  readUnsigned(register: number): number {
    return this.read(register) >>> 0;
  }

  readExact(register: number): bigint {
    return BigInt(this.read(register));
  }

  /** @param register 15 is the pc, like {@link pc}. */
  write(register: number, value: number | bigint): void {
    const word = Number(BigInt.asIntN(32, BigInt(value)));
    if (register === 15) this.pc = word >>> 0;
    else this.state.setInt32(register * 4, word, true);
  }

  /** D0 to D31; 32 is FPSCR. */
  readFloat(register: number): bigint {
    if (register === FPSCR_REGISTER) return BigInt(this.state.getUint32(FPSCR, true));
    return this.state.getBigUint64(FLOATS + register * 8, true);
  }

  writeFloat(register: number, bits: bigint): void {
    if (register === FPSCR_REGISTER) this.state.setUint32(FPSCR, Number(bits), true);
    else this.state.setBigUint64(FLOATS + register * 8, BigInt.asUintN(64, bits), true);
  }

  /** TPIDRURO, which set_tls() sets. */
  get threadPointer(): number {
    return this.state.getUint32(TPIDRURO, true);
  }

  set threadPointer(value: number) {
    this.state.setUint32(TPIDRURO, value, true);
  }

  /** The program status register of user mode, with ITSTATE and the Thumb bit. */
  get cpsr(): number {
    const { state, it } = this;
    const nz = state.getUint32(NZ, true) === 0 ? 0x40000000 : 0;
    const bits =
      (state.getUint32(NZ + 4, true) & 0x80000000) |
      nz |
      (state.getUint32(CARRY_FLAG, true) << 29) |
      ((state.getUint32(OVERFLOW_FLAG, true) >>> 31) << 28) |
      (state.getUint32(Q_FLAG, true) << 27) |
      ((it & 3) << 25) |
      (state.getUint32(GE_FLAGS, true) << 16) |
      ((it >> 2) << 10) |
      (this.mode << 5) |
      USER_MODE;
    return bits >>> 0;
  }

  set cpsr(value: number) {
    const { state } = this;
    state.setUint32(NZ, (value >>> 30) & 1 ? 0 : 1, true);
    state.setUint32(NZ + 4, value & 0x80000000, true);
    state.setUint32(CARRY_FLAG, (value >>> 29) & 1, true);
    state.setUint32(OVERFLOW_FLAG, value << 3, true);
    state.setUint32(Q_FLAG, (value >>> 27) & 1, true);
    state.setUint32(GE_FLAGS, (value >>> 16) & 15, true);
    this.mode = this.profile === 'M' ? 1 : (value >>> 5) & 1;
    this.it = this.mode === 1 ? ((value >>> 25) & 3) | ((value >>> 8) & 0xfc) : 0;
  }

  save(): Uint8Array {
    const saved = new Uint8Array(SAVED_BYTES);
    saved.set(this.bytes);
    saved[THUMB_SAVED] = this.mode;
    saved[IT_SAVED] = this.it;
    new DataView(saved.buffer).setUint32(PC_SAVED, this.address, true);
    return saved;
  }

  restore(saved: Uint8Array): void {
    this.bytes.set(saved.subarray(0, STATE_BYTES));
    this.mode = saved[THUMB_SAVED]!;
    this.it = saved[IT_SAVED]!;
    this.address = new DataView(saved.buffer, saved.byteOffset).getUint32(PC_SAVED, true);
    this.clearReservation();
  }

  clearReservation(): void {
    this.state.setUint32(MONITOR_SIZE, 0, true);
  }

  /** Executes lines of code until `left` instructions may be too few for another one. */
  private runLines(left: number): Stop | undefined {
    this.grant(left - LONGEST_LINE);
    for (;;) {
      const why = this.loop(this.code.find(this.address, this.mode));
      if (why !== LOOKUP) return this.stopped(why);
      this.arriveBy(this.state.getUint32(EXIT_PC, true));
      if (this.state.getInt32(BUDGET, true) < 0) {
        this.account();
        return undefined;
      }
    }
  }

  /** Executes at most `limit` instructions up to a branch, the first of them with ITSTATE. */
  private runOnce(limit: number): Stop | undefined {
    const { address: pc, mode, it: state } = this;
    this.grant(0);
    return this.arrive(this.code.runLimited({ pc, mode, state }, limit, this.loop));
  }

  /** Ends a run of the loop that had no budget. @param why what the loop has returned. */
  private arrive(why: number): Stop | undefined {
    if (why !== LOOKUP) return this.stopped(why);
    this.arriveBy(this.state.getUint32(EXIT_PC, true));
    this.account();
    return undefined;
  }

  /**
   * Ends a branch. A32 has no instructions at halfwords: a branch there is an abort of the fetch.
   */
  private arriveBy(target: number): void {
    this.pc = target;
    if ((target & 3) !== 2) return;
    this.address = target;
    throw new MemoryFault('SIGBUS', 'ADRALN', target);
  }

  /**
   * Handles an operation that the loop does not execute. Returns undefined if the run can go on.
   */
  private stopped(number: number): Stop | undefined {
    const operation = this.state.getUint32(EXIT_OPERATION, true);
    const { emitter } = this;
    this.arriveAt(operation);
    if (number === op.STEP) return undefined;
    if (number === op.CROSS) {
      const first = this.code.decodeCut(operation, this.address, this.mode);
      return first === 0 ? undefined : this.arrive(this.loop(first));
    }
    if (number === op.BKPT) return { kind: 'breakpoint' };
    if (number === op.SVC) {
      this.address = (this.address + (this.mode === 1 ? 2 : 4)) >>> 0;
      this.it = advanceIt(this.it);
      this.count++;
      return { kind: 'syscall' };
    }
    return { kind: 'illegal', encoding: this.encoding(), name: emitter.nameAt(operation) };
  }

  /** Returns the instruction at the pc, of 16 or 32 bits. */
  private encoding(): number {
    const { translation, address } = this;
    const place = translation.locate(address, 'fetch');
    const isCut = address % PIECE === PIECE - 2 && this.lines.isLong(place);
    return this.lines.wordAt(place, isCut ? translation.locate(address + 2, 'fetch') : place + 2);
  }

  /**
   * Returns the stop for a fault of a load, a store or a fetch. No part of the instruction was
   * done.
   */
  private faulted({ signal, code, address }: Fault): Stop {
    const { accessing } = this;
    this.accessing = 0;
    if (accessing === 0) this.account();
    else this.arriveAt(accessing);
    return { kind: 'fault', signal, code, address };
  }

  /** Sets the pc to the address of an operation, and counts the instructions before it. */
  private arriveAt(operation: number): void {
    const { pc, mode, index, it } = this.emitter.origin(operation);
    this.address = pc;
    this.mode = mode;
    this.it = it;
    this.account();
    this.count += index;
  }

  private grant(budget: number): void {
    this.granted = budget;
    this.state.setInt32(BUDGET, budget, true);
  }

  /** Counts the instructions that the loop has executed up to its last branch. */
  private account(): void {
    this.count += this.granted - this.state.getInt32(BUDGET, true);
    this.grant(0);
  }

  /** @param stored how many bytes are about to be stored; 0: it is a load. */
  private translate(address: number, stored: number, operation: number): number {
    const { translation, code } = this;
    this.accessing = operation;
    const place = translation.locate(address, stored === 0 ? 'read' : 'write');
    if (stored === 0) translation.enter(address, READ_TLB, place);
    else if (!code.stored(address, place, stored).isCode) {
      translation.enter(address, WRITE_TLB, place);
    }
    this.accessing = 0;
    return place;
  }
}

let module: WebAssembly.Module | undefined;

/** The loop's module, compiled once. */
function compiled(): WebAssembly.Module {
  module ??= new WebAssembly.Module(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
  return module;
}
