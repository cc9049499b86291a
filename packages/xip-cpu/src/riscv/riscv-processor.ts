import base64 from '#riscv-module';
import { CodeCache, LONGEST_LINE, type Stored } from '../memory/code-cache.js';
import { isFault } from '../memory/fault.js';
import { PIECE, READ_TLB, WRITE_TLB } from '../memory/layout.js';
import type { LinearMemory } from '../memory/linear-memory.js';
import { Translation } from '../memory/translation.js';
import type { UserMemory } from '../memory/user-memory.js';
import type { Processor, Stop } from '../processor.js';
import { Decoder, unimplementedName, type Xlen } from './decoder.js';
import {
  CURRENT,
  EXECUTED,
  FFLAGS,
  FLOAT_REGISTERS,
  FOR_STORE,
  FRM,
  GATHERED,
  LEAVE_CHANGED,
  LEAVE_CROSS,
  LEAVE_EBREAK,
  LEAVE_ECALL,
  LEAVE_FAULT,
  LEAVE_LIMIT,
  LEAVE_LOOKUP,
  LEAVE_STOP,
  LEFT,
  OP_IMMEDIATE,
  OP_RS1,
  PAGE_BASE,
  PC,
  REGISTERS,
  RESERVED,
  STORED,
} from './layout.js';
import { RiscvLines } from './lines.js';

/** The exports of assembly/riscv. */
interface Loop {
  readonly run: (operation: number) => number;
  readonly configure: (xlen: number) => void;
}

const TWO_32 = 2 ** 32;
/** Number of fcsr among the floating-point registers. */
const FCSR = 32;
/**
 * Instructions that the loop executes before it returns. It returns often enough for the engine to
 * replace the loop by better machine code.
 */
const TURN = 1 << 20;
/** The size of the state that {@link RiscvProcessor.save} returns: registers, fcsr and pc. */
const STATE_WORDS = FLOAT_REGISTERS + 32 + 2;

let compiled: WebAssembly.Module | undefined;

function loopModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
  return compiled;
}

/**
 * RV32 or RV64 with IMAFDC, Zicsr, Zifencei, Zba, Zbb and Zbs, in user mode. It decodes the code
 * that it reaches, page by page, and executes it in WebAssembly; all of its state is in the linear
 * memory.
 */
export class RiscvProcessor implements Processor {
  readonly xlen: Xlen;
  private readonly linear: LinearMemory;
  private readonly bytes: Uint8Array;
  private readonly u32: Uint32Array;
  private readonly i64: BigInt64Array;
  private readonly lines: RiscvLines;
  private readonly loop: Loop;
  private readonly translation: Translation;
  private readonly code: CodeCache;
  /** Instructions executed when LEFT is 0. */
  private end = 0;
  /** Set if the last access has faulted. */
  private fault: Stop | undefined;
  /** An exception of the last access that is not a fault. */
  private thrown: unknown;
  /** True while the loop has called TypeScript. */
  private inAccess = false;

  constructor(linear: LinearMemory, xlen: Xlen) {
    this.linear = linear;
    this.xlen = xlen;
    const { buffer } = linear.memory;
    this.bytes = new Uint8Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i64 = new BigInt64Array(buffer, 0, 1 << 13);
    this.lines = new RiscvLines(linear.memory, new Decoder(xlen));
    this.translation = new Translation(linear.memory);
    this.code = new CodeCache(linear, this.translation, this.lines, { isAbsolute: false });
    const exported: object = new WebAssembly.Instance(loopModule(), {
      env: { memory: linear.memory },
      host: {
        read: (low: number, high: number, size: number) => this.readSlowly(low, high, size),
        write: (low: number, high: number, size: number) => this.writeSlowly(low, high, size),
      },
    }).exports;
    this.loop = exported as Loop;
    this.loop.configure(xlen);
    this.clearReservation();
  }

  use(memory: UserMemory): void {
    this.linear.checkPages(memory);
    this.translation.use(memory);
    this.clearReservation();
  }

  get pc(): number {
    if (!this.inAccess) return this.number(PC);
    return this.number(PAGE_BASE) + this.lines.placeOf(this.u32[CURRENT >> 2]!);
  }

  set pc(pc: number) {
    this.setNumber(PC, pc);
  }

  get executed(): number {
    return this.end - (this.u32[LEFT >> 2]! | 0);
  }

  run(limit: number): Stop {
    const end = this.executed + limit;
    while (this.executed < end) {
      this.translation.refresh();
      const left = end - this.executed;
      const reason = left > LONGEST_LINE ? this.turn(0, left - LONGEST_LINE) : this.approach(left);
      const stop = this.handle(reason);
      if (stop !== undefined) return stop;
    }
    return { kind: 'limit' };
  }

  /**
   * Runs the loop until at least `count` instructions were executed. @returns the reason why it
   * stopped.
   */
  private turn(operation: number, count: number): number {
    const { u32 } = this;
    const budget = Math.min(count, TURN);
    this.end = this.executed + budget;
    u32[LEFT >> 2] = budget;
    this.setNumber(EXECUTED, this.end);
    return this.loop.run(operation);
  }

  /**
   * Executes at most `count` instructions, few enough to be in one line. @returns the reason why it
   * stopped.
   */
  private approach(count: number): number {
    const pc = this.number(PC);
    const reason = this.fetch(() =>
      this.code.runLimited({ pc }, count, (operation) => {
        this.setNumber(PAGE_BASE, pc - (pc % PIECE));
        return this.turn(operation, 0);
      }),
    );
    return reason ?? LEAVE_FAULT;
  }

  /** Handles a reason for which the loop has returned. @returns undefined if the loop can go on. */
  private handle(reason: number): Stop | undefined {
    switch (reason) {
      case LEAVE_LIMIT:
        return undefined;
      case LEAVE_LOOKUP:
        return this.enter();
      case LEAVE_STOP:
        this.pc = this.currentPc();
        return undefined;
      case LEAVE_CHANGED:
        this.pc = this.currentPc() + this.lines.lengthOf(this.u32[CURRENT >> 2]!);
        return undefined;
      case LEAVE_CROSS:
        return this.cross();
      case LEAVE_ECALL:
        this.pc = this.currentPc() + 4;
        return { kind: 'syscall' };
      case LEAVE_FAULT:
        return this.faulted();
      case LEAVE_EBREAK:
        this.pc = this.currentPc();
        return { kind: 'breakpoint' };
      // LEAVE_ILLEGAL
      default:
        this.pc = this.currentPc();
        return this.illegal(this.fetchWord(this.pc));
    }
  }

  private illegal(word: number): Stop {
    const isCompressed = (word & 3) !== 3;
    const encoding = isCompressed ? word & 0xffff : word >>> 0;
    const name = isCompressed ? undefined : unimplementedName(word);
    return { kind: 'illegal', encoding, name };
  }

  /** The address of the instruction at which the loop returned. */
  private currentPc(): number {
    return this.number(PAGE_BASE) + this.lines.placeOf(this.u32[CURRENT >> 2]!);
  }

  /**
   * Returns the instruction at an address, two or four bytes; if it continues in the next page,
   * that was fetched before.
   */
  private fetchWord(address: number): number {
    const { translation, bytes } = this;
    const at = translation.locate(address, 'fetch');
    const low = bytes[at]! | (bytes[at + 1]! << 8);
    if ((low & 3) !== 3) return low;
    const second = translation.locate(address + 2, 'fetch');
    return low | (bytes[second]! << 16) | (bytes[second + 1]! << 24);
  }

  private faulted(): Stop {
    const { fault, thrown } = this;
    this.fault = undefined;
    this.thrown = undefined;
    if (this.u32[CURRENT >> 2] !== 0) this.pc = this.currentPc();
    if (thrown !== undefined) throw thrown as Error;
    if (fault !== undefined) return fault;
    // The loop itself detects atomic operations that are not aligned.
    return { kind: 'fault', signal: 'SIGBUS', code: 'ADRALN', address: this.atomicAddress() };
  }

  private atomicAddress(): number {
    const operation = this.u32[CURRENT >> 2]!;
    const register = this.u32[(operation + OP_RS1) >> 2]! & 0xffff;
    const base = Number(BigInt.asUintN(this.xlen, this.i64[(REGISTERS + register) >> 3]!));
    return base + (this.u32[(operation + OP_IMMEDIATE) >> 2]! | 0);
  }

  /** Decodes the code at the pc. @returns the fault of the fetch. */
  private enter(): Stop | undefined {
    const pc = this.number(PC);
    return this.fetch(() => this.code.find(pc)) === undefined ? this.faulted() : undefined;
  }

  /**
   * Fetches the second half of an instruction that lies in two pieces. @returns the fault of the
   * fetch.
   */
  private cross(): Stop | undefined {
    const pc = this.currentPc();
    const operation = this.u32[CURRENT >> 2]!;
    this.pc = pc;
    const found = this.fetch(() => this.code.decodeCut(operation, pc));
    if (found === undefined) return this.faulted();
    return found === 0 ? undefined : this.handle(this.turn(found, 0));
  }

  /** Fetches code. @returns undefined after a fault, which is then in {@link fault}. */
  private fetch(decode: () => number): number | undefined {
    this.u32[CURRENT >> 2] = 0;
    try {
      return decode();
    } catch (error) {
      this.note(error);
      return undefined;
    }
  }

  /**
   * Reads for the loop, which has found no entry in its TLB. @returns the place of the bytes, 0
   * after a fault.
   */
  private readSlowly(low: number, high: number, sizeAndPurpose: number): number {
    const size = sizeAndPurpose & ~FOR_STORE;
    const isStore = size !== sizeAndPurpose;
    const address = this.addressOf(low, high);
    this.inAccess = true;
    try {
      const place = this.translation.locate(address, isStore ? 'write' : 'read');
      if ((address % PIECE) + size > PIECE) return this.gather(address, place, size);
      if (!isStore) this.translation.enter(address, READ_TLB, place);
      return place;
    } catch (error) {
      this.note(error);
      return 0;
    } finally {
      this.inAccess = false;
    }
  }

  /** Joins bytes of two pieces. */
  private gather(address: number, first: number, size: number): number {
    const inFirst = PIECE - (address % PIECE);
    const second = this.translation.locate(this.next(address, inFirst), 'read');
    this.bytes.copyWithin(GATHERED, first, first + inFirst);
    this.bytes.copyWithin(GATHERED + inFirst, second, second + size - inFirst);
    return GATHERED;
  }

  /**
   * Stores for the loop, which has found no entry in its TLB. @returns 0 after a fault, 2 if code
   * has changed.
   */
  private writeSlowly(low: number, high: number, size: number): number {
    const { translation } = this;
    const address = this.addressOf(low, high);
    const inFirst = Math.min(size, PIECE - (address % PIECE));
    this.inAccess = true;
    try {
      let place = translation.locate(address, 'write');
      let rest: Stored | undefined;
      if (inFirst < size) {
        const next = this.next(address, inFirst);
        const second = translation.locate(next, 'write');
        // The fault of the second page may have taken the frame of the first one.
        place = translation.locate(address, 'write');
        rest = this.put(next, second, STORED + inFirst, size - inFirst);
      }
      const { isCode, hasChanged } = this.put(address, place, STORED, inFirst);
      if (!isCode) translation.enter(address, WRITE_TLB, place);
      return hasChanged || rest?.hasChanged === true ? 2 : 1;
    } catch (error) {
      this.note(error);
      return 0;
    } finally {
      this.inAccess = false;
    }
  }

  /** Stores bytes within a piece. */
  private put(address: number, to: number, from: number, length: number): Stored {
    this.bytes.copyWithin(to, from, from + length);
    return this.code.stored(address, to, length);
  }

  /** Adds to an address, which wraps around. */
  private next(address: number, by: number): number {
    return this.xlen === 32 ? (address + by) % TWO_32 : address + by;
  }

  private note(error: unknown): void {
    if (isFault(error)) {
      const { signal, code, address } = error;
      this.fault = { kind: 'fault', signal, code, address };
    } else {
      this.thrown = error;
    }
  }

  private addressOf(low: number, high: number): number {
    return (low >>> 0) + (high >>> 0) * TWO_32;
  }

  read(register: number): number {
    return Number(this.readExact(register));
  }

  readUnsigned(register: number): number {
    return Number(BigInt.asUintN(this.xlen, this.readExact(register)));
  }

  readExact(register: number): bigint {
    return this.i64[(REGISTERS >> 3) + register]!;
  }

  write(register: number, value: number | bigint): void {
    if (register === 0) return;
    this.i64[(REGISTERS >> 3) + register] = BigInt.asIntN(this.xlen, BigInt(value));
  }

  readFloat(register: number): bigint {
    if (register === FCSR) return BigInt(this.fcsr);
    return BigInt.asUintN(64, this.i64[(REGISTERS >> 3) + FLOAT_REGISTERS + register]!);
  }

  writeFloat(register: number, bits: bigint): void {
    if (register === FCSR) this.fcsr = Number(bits);
    else this.i64[(REGISTERS >> 3) + FLOAT_REGISTERS + register] = BigInt.asIntN(64, bits);
  }

  /** fcsr: frm in bits 5 to 7, fflags below them. */
  get fcsr(): number {
    return (this.u32[FRM >> 2]! << 5) | this.u32[FFLAGS >> 2]!;
  }

  set fcsr(value: number) {
    this.u32[FFLAGS >> 2] = value & 31;
    this.u32[FRM >> 2] = (value >> 5) & 7;
  }

  save(): Uint8Array {
    const first = REGISTERS >> 3;
    const state = new BigInt64Array(STATE_WORDS);
    state.set(this.i64.subarray(first, first + STATE_WORDS - 2));
    state[STATE_WORDS - 2] = BigInt(this.fcsr);
    state[STATE_WORDS - 1] = this.i64[PC >> 3]!;
    return new Uint8Array(state.buffer);
  }

  restore(state: Uint8Array): void {
    const words = new BigInt64Array(state.slice().buffer);
    this.i64.set(words.subarray(0, STATE_WORDS - 2), REGISTERS >> 3);
    this.fcsr = Number(words[STATE_WORDS - 2]!);
    this.i64[PC >> 3] = words[STATE_WORDS - 1]!;
    this.clearReservation();
  }

  clearReservation(): void {
    this.i64[RESERVED >> 3] = -1n;
  }

  /** Reads a number of 64 bits; exact below 2^53. */
  private number(offset: number): number {
    return this.u32[offset >> 2]! + this.u32[(offset >> 2) + 1]! * TWO_32;
  }

  private setNumber(offset: number, value: number): void {
    this.u32[offset >> 2] = value % TWO_32;
    this.u32[(offset >> 2) + 1] = Math.floor(value / TWO_32);
  }
}
