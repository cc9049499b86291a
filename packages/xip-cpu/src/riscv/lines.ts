import type { LineDecoder } from '../memory/code-cache.js';
import { PIECE } from '../memory/layout.js';
import type { Decoder } from './decoder.js';
import {
  OPERATION_SHIFT,
  OP_CROSSED,
  OP_EXTRA,
  OP_IMMEDIATE,
  OP_LINK,
  OP_PLACE,
  OP_RD,
  OP_RS1,
  OP_RS2,
} from './layout.js';
import * as op from './operations.js';

const OPERATION = 1 << OPERATION_SHIFT;

/**
 * Writes the operations of RISC-V instructions, one of 16 bytes for each. They do not depend on the
 * address.
 */
export class RiscvLines implements LineDecoder {
  at = 0;
  ended = false;
  readonly isInside = false;
  private readonly decoder: Decoder;
  private readonly u16: Uint16Array;
  private readonly u32: Uint32Array;
  /** By instruction: its operation, if it was decoded before. */
  private readonly known = new Map<number, number>();
  private isKept = false;

  constructor(memory: WebAssembly.Memory, decoder: Decoder) {
    this.decoder = decoder;
    this.u16 = new Uint16Array(memory.buffer);
    this.u32 = new Uint32Array(memory.buffer);
  }

  begin(_key: number, isKept: boolean): void {
    this.isKept = isKept;
    this.ended = false;
  }

  decode(place: number, offset: number): number {
    const at = (place + offset) >> 1;
    const half = this.u16[at]!;
    if ((half & 3) !== 3) {
      this.write(half, offset, 2);
      return 2;
    }
    if (offset + 4 > PIECE) return 0;
    this.write(half | (this.u16[at + 1]! << 16), offset, 4);
    return 4;
  }

  decodeCut(place: number, offset: number, second: number): void {
    this.write(this.u16[(place + offset) >> 1]! | (this.u16[second >> 1]! << 16), offset, 4);
  }

  end(offset: number, known: number): void {
    this.u16[this.at >> 1] = op.END;
    this.u32[(this.at + OP_IMMEDIATE) >> 2] = offset;
    this.u32[(this.at + OP_LINK) >> 2] = known;
    this.at += OPERATION;
  }

  cut(offset: number): void {
    this.join(this.at, 0, 0);
    this.writeNamed(op.CROSS, offset);
  }

  join(operation: number, map: number, first: number): void {
    this.u32[(operation + OP_CROSSED) >> 2] = first;
    this.u32[(operation + OP_IMMEDIATE) >> 2] = map;
  }

  stop(offset: number): void {
    this.writeNamed(op.STOP, offset);
  }

  reset(): void {
    this.known.clear();
  }

  after(operation: number, count: number): number {
    for (let at = operation, left = count; ; at += OPERATION, left -= 1) {
      const number = this.u16[at >> 1]!;
      if (number === op.END) return 0;
      if (left === 0) return at;
      if (endsLine(number)) return 0;
    }
  }

  setStop(operation: number, number: number = op.STOP): number {
    const old = this.u16[operation >> 1]!;
    this.u16[operation >> 1] = number;
    return old;
  }

  /** Returns the offset of an operation's instruction in its piece. */
  placeOf(operation: number): number {
    return this.u16[(operation + placeField(this.u16[operation >> 1]!)) >> 1]!;
  }

  /** Returns the length of a store's instruction. */
  lengthOf(store: number): number {
    const isAtomic = !hasLength(this.u16[store >> 1]!);
    return isAtomic ? 4 : this.u16[(store + OP_EXTRA) >> 1]!;
  }

  private write(instruction: number, offset: number, length: number): void {
    const known = this.known.get(instruction);
    if (known === undefined) {
      this.writeNew(instruction, offset, length);
      return;
    }
    const { u16, u32, at } = this;
    const [to, from] = [at >> 2, known >> 2];
    u32[to] = u32[from]!;
    u32[to + 1] = u32[from + 1]!;
    u32[to + 2] = u32[from + 2]!;
    u32[to + 3] = u32[from + 3]!;
    const number = u16[at >> 1]!;
    const field = (at + placeField(number)) >> 1;
    if (isBranch(number) || isJump(number)) {
      u32[to + (OP_IMMEDIATE >> 2)]! += offset - u16[field]!;
      u32[to + (OP_LINK >> 2)] = 0;
    }
    u16[field] = offset;
    this.ended = endsLine(number);
    this.at += OPERATION;
  }

  /** @param instruction of 16 bits if `length` is 2. */
  private writeNew(instruction: number, offset: number, length: number): void {
    const { decoder, u16, u32, at } = this;
    const word = length === 2 ? decoder.expand(instruction) : instruction;
    if (word === undefined || !decoder.decode(word)) {
      this.ended = true;
      this.writeNamed(op.ILLEGAL, offset);
      return;
    }
    const { operation } = decoder;
    const half = at >> 1;
    u16[half] = operation;
    u16[half + (OP_RD >> 1)] = decoder.rd * 8;
    u16[half + (OP_RS1 >> 1)] = decoder.rs1 * 8;
    u16[half + (OP_RS2 >> 1)] = decoder.rs2 * 8;
    if (isBranch(operation)) {
      u32[(at + OP_IMMEDIATE) >> 2] = offset + decoder.immediate;
      u32[(at + OP_LINK) >> 2] = 0;
      u16[half + (OP_RD >> 1)] = offset;
    } else if (isJump(operation)) {
      u32[(at + OP_IMMEDIATE) >> 2] = offset + decoder.immediate;
      u32[(at + OP_LINK) >> 2] = 0;
      u16[half + (OP_RS1 >> 1)] = offset;
      u16[half + (OP_RS2 >> 1)] = length;
    } else {
      u32[(at + OP_IMMEDIATE) >> 2] = decoder.immediate;
      u16[half + (OP_PLACE >> 1)] = offset;
      u16[half + (OP_EXTRA >> 1)] = hasLength(operation) ? length : decoder.extra;
    }
    this.ended = decoder.ends;
    if (this.isKept) this.known.set(instruction, at);
    this.at += OPERATION;
  }

  private writeNamed(operation: number, offset: number): void {
    const at = this.at >> 1;
    this.u16[at] = operation;
    this.u16[at + (OP_PLACE >> 1)] = offset;
    this.at += OPERATION;
  }
}

/** The field of an operation that has its instruction's offset. */
function placeField(operation: number): number {
  return isBranch(operation) ? OP_RD : isJump(operation) ? OP_RS1 : OP_PLACE;
}

function isBranch(operation: number): boolean {
  return operation >= op.BEQ && operation <= op.BGEU;
}

function isJump(operation: number): boolean {
  return operation === op.JAL || operation === op.JALW;
}

/**
 * Whether the next instruction is found by the operation's length. Stores of atomic operations all
 * have 4 bytes.
 */
function hasLength(operation: number): boolean {
  switch (operation) {
    case op.JALR:
    case op.JALRW:
    case op.SB:
    case op.SH:
    case op.SW:
    case op.SD:
    case op.FSW:
    case op.FSD:
      return true;
    default:
      return false;
  }
}

function endsLine(operation: number): boolean {
  return (operation >= op.JAL && operation <= op.JALRW) || operation >= op.CROSS;
}
