import { PIECE } from '../memory/layout.js';
import { NEXT_PC, PC_VALUE } from './layout.js';
import * as op from './operations.js';

/** Condition "always". */
export const ALWAYS = 14;

const OPERATION_BYTES = 16;
const PIECE_SHIFT = 12;

/** The instruction that an operation belongs to; see {@link Emitter.origin}. */
export interface Origin {
  /** The address of the instruction. */
  readonly pc: number;
  /** The Thumb bit. */
  readonly mode: number;
  /** How many instructions of the block are before it. */
  readonly index: number;
  /** ITSTATE before the instruction. */
  readonly it: number;
}

/** Writes the operations of a block, instruction by instruction. */
export class Emitter {
  /** Whether the operations of the instruction depend on its address. */
  isPlaced = false;
  size: 2 | 4 = 4;
  thumb = false;
  /** Whether the processor has the M profile. */
  microcontroller = false;
  /** Whether the instruction is in an IT block, where 16-bit instructions set no flags. */
  conditional = false;
  /** Whether the instruction ends the block. */
  ended = false;
  it = 0;
  index = 0;
  /** Where the next operation is written, in bytes. */
  at = 0;
  /** Names of instructions that are not implemented; the second word of ILLEGAL counts from 1. */
  readonly names: string[] = [];
  private readonly words: Int32Array;
  private address = 0;
  private origins = new Uint32Array(0);
  private base = 0;

  constructor(memory: WebAssembly.Memory) {
    this.words = new Int32Array(memory.buffer);
  }

  /** Gives the emitter an area of the memory. The operations in it become invalid. */
  reset(start: number, bytes: number): void {
    this.base = start;
    const size = (bytes / OPERATION_BYTES) * 2;
    if (this.origins.length !== size) this.origins = new Uint32Array(size);
  }

  /** The address of the instruction that is decoded. */
  get pc(): number {
    this.isPlaced = true;
    return this.address;
  }

  beginInstruction(address: number, size: 2 | 4): void {
    this.address = address;
    this.size = size;
    this.isPlaced = false;
  }

  /** Writes an operation: registers D, N, M, A (offsets where `number` takes floats), immediate and aux. */
  emit(number: number, d: number, n: number, m: number, imm = 0, aux = 0, a = 0): void {
    this.write(number, d << 2, n << 2, m << 2, imm, aux, a << 2, 0);
  }

  /** Writes an operation like {@link emit}, with registers as offsets, and the second word. */
  write(
    number: number,
    d: number,
    n: number,
    m: number,
    imm: number,
    aux: number,
    a: number,
    second: number,
  ): void {
    const { words } = this;
    const index = this.at >> 2;
    words[index] = number | (d << 16) | (n << 24);
    words[index + 1] = m | (a << 8) | (aux << 16) | ((this.index + 1) << 24);
    words[index + 2] = imm;
    words[index + 3] = second;
    this.finish();
  }

  /**
   * Copies the operations of an instruction that was decoded before and does not depend on its
   * address.
   */
  repeat(from: number, count: number): void {
    const { words } = this;
    for (let source = from >> 2, left = count; left > 0; source += 4, left -= 1) {
      const index = this.at >> 2;
      words[index] = words[source]!;
      words[index + 1] = (words[source + 1]! & 0xffffff) | ((this.index + 1) << 24);
      words[index + 2] = words[source + 2]!;
      words[index + 3] = words[source + 3]!;
      this.finish();
    }
  }

  /** Writes CROSS, for an instruction that is also in the piece at `next`. */
  cross(next: number): void {
    const index = this.at >> 2;
    this.write(op.CROSS, 0, 0, 0, 0, 0, 0, 0);
    const page = next >>> PIECE_SHIFT;
    this.words[index]! |= page << 16;
    this.words[index + 1]! |= page >>> 16;
  }

  /** Makes CROSS continue at an operation as long as the next piece has a map. */
  join(cross: number, map: number, target: number): void {
    this.words[(cross >> 2) + 2] = map;
    this.words[(cross >> 2) + 3] = target;
  }

  /** Marks the end of a line, after the operations that leave it. */
  seal(): void {
    this.words[(this.at >> 2) + 1] = 0;
    this.at += OPERATION_BYTES;
  }

  /**
   * Returns the number of instructions of a line that are executed up to and including that of an
   * operation; 0 at the end of a line.
   */
  countAt(operation: number): number {
    return this.words[(operation >> 2) + 1]! >>> 24;
  }

  /** Replaces the number of an operation. @returns the old one. */
  replace(operation: number, number: number): number {
    const word = this.words[operation >> 2]!;
    this.words[operation >> 2] = (word & ~0xffff) | number;
    return word & 0xffff;
  }

  private finish(): void {
    const origin = ((this.at - this.base) / OPERATION_BYTES) * 2;
    this.origins[origin] = this.address + this.mode;
    this.origins[origin + 1] = this.index | (this.it << 8);
    this.at += OPERATION_BYTES;
  }

  /** Makes the SKIP operation at `skip` skip everything written since. */
  patchSkip(skip: number): void {
    const word = (skip >> 2) + 1;
    this.words[word]! |= ((this.at - skip) / OPERATION_BYTES - 1) << 16;
  }

  /** The name of an instruction that is not implemented. */
  nameAt(operation: number): string | undefined {
    return this.names[this.words[(operation >> 2) + 3]! - 1];
  }

  /** Links a branch to an operation. */
  link(branch: number, target: number): void {
    this.words[(branch >> 2) + 3] = target;
  }

  origin(operation: number): Origin {
    const at = ((operation - this.base) / OPERATION_BYTES) * 2;
    const rest = this.origins[at + 1]!;
    const pc = this.origins[at]!;
    return { pc: pc - (pc & 1), mode: pc & 1, index: rest & 0xff, it: rest >> 8 };
  }

  /** The value that an instruction reads from the pc. */
  get pcValue(): number {
    return (this.pc + (this.thumb ? 4 : 8)) >>> 0;
  }

  /** Returns a register that an operation can read: the pc becomes a constant. */
  source(register: number): number {
    if (register !== 15) return register;
    this.emit(op.MOV_I, PC_VALUE, 0, 0, this.pcValue | 0);
    return PC_VALUE;
  }

  constant(register: number, value: number): number {
    this.emit(op.MOV_I, register, 0, 0, value | 0);
    return register;
  }

  /** The Thumb bit of addresses in the same instruction set. */
  get mode(): number {
    return this.thumb ? 1 : 0;
  }

  /** Writes a branch to an address with the Thumb bit. */
  branch(target: number): void {
    this.emit(this.isNear(target) ? op.B : op.B_FAR, 0, 0, 0, target | 0);
    this.ended = true;
  }

  /** Writes a branch that is taken if a condition below {@link ALWAYS} holds. */
  branchIf(condition: number, target: number): void {
    if (this.isNear(target)) {
      this.emit(op.B_EQ + condition, 0, 0, 0, target | 0);
      return;
    }
    this.emit(op.SKIP_EQ + condition, 0, 0, 0, 0, 1);
    this.emit(op.B_FAR, 0, 0, 0, target | 0);
  }

  /** Writes CBZ or CBNZ. */
  branchIfZero(register: number, zero: boolean, target: number): void {
    if (this.isNear(target)) {
      this.emit(zero ? op.CBZ : op.CBNZ, 0, register, 0, target | 0);
      return;
    }
    this.emit(zero ? op.SKIP_CBZ : op.SKIP_CBNZ, 0, register, 0, 0, 1);
    this.emit(op.B_FAR, 0, 0, 0, target | 0);
  }

  /** Writes BXWritePC(): bit 0 of the register selects the instruction set. */
  exchange(register: number): void {
    this.emit(op.BX, 0, 0, register);
    this.ended = true;
  }

  /** Writes BranchWritePC(): the instruction set does not change. */
  branchRegister(register: number): void {
    this.emit(op.BR, 0, 0, register, this.thumb ? 1 : 3, this.mode);
    this.ended = true;
  }

  /** Ends an instruction that has written its result to register 15 of the operations. */
  writtenPc(): void {
    this.exchange(NEXT_PC);
  }

  /** Writes ILLEGAL for an instruction that does not exist or, with `name`, is not implemented. */
  illegal(word: number, name?: string): void {
    let index = 0;
    if (name !== undefined) {
      index = this.names.indexOf(name) + 1;
      if (index === 0) index = this.names.push(name);
    }
    this.write(op.ILLEGAL, 0, 0, 0, word | 0, 0, 0, index);
    this.ended = true;
  }

  /**
   * Writes ILLEGAL for an encoding whose effect the architecture leaves open; processors differ.
   */
  unpredictable(word: number): void {
    this.illegal(word, 'UNPREDICTABLE');
  }

  /**
   * Whether a branch can be linked. Only addresses within a page are sure to have the same code
   * later.
   */
  private isNear(target: number): boolean {
    return Math.floor(target / PIECE) === Math.floor(this.pc / PIECE) && (target & 1) === this.mode;
  }
}
