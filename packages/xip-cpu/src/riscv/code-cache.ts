import type { LinearMemory } from '../memory/linear-memory.js';
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

/** Bytes for operations and maps. When they are full, all is decoded anew. */
const SPACE = 32 << 20;
const OPERATION = 1 << OPERATION_SHIFT;
/** Operations that follow each other without a jump, at most: what a run can be too long by. */
export const LONGEST_LINE = 64;

/** A page of which some was decoded. */
export interface CodePage {
  /** What UserMemory.frameIdentity() calls it. */
  readonly name: number;
  /** Where its bytes are in linear memory. */
  readonly bytes: number;
  /** Where its map is: 32 bits for each halfword, 0 or the operation there. */
  readonly map: number;
  /** For each halfword 1 if it is part of an instruction that was decoded. */
  readonly covered: Uint8Array;
  /** Operations of the page before for an instruction that ends in this one. */
  readonly crossings: number[];
}

/** Decoded code, in linear memory: operations in straight lines, and a map of each page. */
export class CodeCache {
  private readonly decoder: Decoder;
  private readonly pageSize: number;
  private readonly u16: Uint16Array;
  private readonly u32: Uint32Array;
  private readonly start: number;
  private next: number;
  private readonly byName = new Map<number, CodePage>();
  private readonly byBytes = new Map<number, CodePage>();

  constructor(linear: LinearMemory, decoder: Decoder, pageSize: number) {
    this.decoder = decoder;
    this.pageSize = pageSize;
    const space = linear.allocate(SPACE);
    this.u16 = new Uint16Array(space.buffer);
    this.u32 = new Uint32Array(space.buffer);
    this.start = space.byteOffset;
    this.next = this.start;
  }

  /** The page with that name. @param bytes where its bytes are. */
  page(name: number, bytes: number): CodePage {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const mapBytes = this.pageSize * 2;
    this.u32.fill(0, this.next >> 2, (this.next + mapBytes) >> 2);
    const covered = new Uint8Array(this.pageSize / 2);
    const page = { name, bytes, map: this.next, covered, crossings: [] };
    this.next += mapBytes;
    this.byName.set(name, page);
    this.byBytes.set(bytes, page);
    return page;
  }

  /** The page whose bytes are there; undefined if nothing of them was decoded. */
  pageAt(bytes: number): CodePage | undefined {
    return this.byBytes.get(bytes);
  }

  /** The bytes belong to another page now. */
  forget(page: CodePage): void {
    this.byName.delete(page.name);
    this.byBytes.delete(page.bytes);
  }

  /** Whether there is no room for one page more and one line. If so, everything is to be forgotten. */
  get isFull(): boolean {
    return this.next + this.pageSize * 2 + (LONGEST_LINE + 1) * OPERATION > this.start + SPACE;
  }

  clear(): void {
    this.next = this.start;
    this.byName.clear();
    this.byBytes.clear();
  }

  /** Bytes of a page were written to. @returns true if code was decoded from them, which is void now. */
  written(page: CodePage, offset: number, length: number): boolean {
    const last = (offset + length - 1) >> 1;
    let hit = false;
    for (let half = offset >> 1; half <= last; half += 1) hit ||= page.covered[half] === 1;
    if (!hit) return false;
    page.covered.fill(0);
    for (const crossing of page.crossings) this.u32[(crossing + OP_IMMEDIATE) >> 2] = 0;
    page.crossings.length = 0;
    this.u32.fill(0, page.map >> 2, (page.map + this.pageSize * 2) >> 2);
    return true;
  }

  /** The operation at an offset of a page, which is decoded if it was not. */
  operationAt(page: CodePage, offset: number): number {
    const known = this.u32[(page.map >> 2) + (offset >> 1)]!;
    return known === 0 ? this.decodeLine(page, offset) : known;
  }

  /** Decodes until a jump, the end of the page, or what was decoded before. @returns the first operation. */
  private decodeLine(page: CodePage, first: number): number {
    const { u16, u32, pageSize, decoder } = this;
    const start = this.next;
    const map = page.map >> 2;
    let offset = first;
    for (let count = 0; ; count += 1) {
      const known = offset < pageSize ? u32[map + (offset >> 1)]! : 0;
      if (known !== 0 || offset === pageSize || count === LONGEST_LINE) {
        this.emitEnd(offset, known);
        return start;
      }
      u32[map + (offset >> 1)] = this.next;
      page.covered[offset >> 1] = 1;
      const half = u16[(page.bytes + offset) >> 1]!;
      if ((half & 3) !== 3) {
        this.emit(decoder.expand(half), offset, 2);
        offset += 2;
      } else if (offset + 4 > pageSize) {
        u32[(this.next + OP_IMMEDIATE) >> 2] = 0;
        this.emitNamed(op.CROSS, offset);
        return start;
      } else {
        page.covered[(offset >> 1) + 1] = 1;
        this.emit(half | (u16[(page.bytes + offset + 2) >> 1]! << 16), offset, 4);
        offset += 4;
      }
      if (decoder.ends) return start;
    }
  }

  /**
   * Decodes an instruction that lies in two pages.
   *
   * @param crossing its operation in the first page.
   * @param second the page that it ends in.
   */
  decodeCrossing(crossing: number, word: number, second: CodePage): void {
    const offset = this.pageSize - 2;
    this.u32[(crossing + OP_CROSSED) >> 2] = this.next;
    this.u32[(crossing + OP_IMMEDIATE) >> 2] = second.map;
    second.crossings.push(crossing);
    second.covered[0] = 1;
    this.emit(word, offset, 4);
    this.emitEnd(offset + 4, 0);
  }

  private emit(word: number | undefined, offset: number, length: number): void {
    const { decoder, u16, u32, next } = this;
    if (word === undefined || !decoder.decode(word)) {
      decoder.ends = true;
      this.emitNamed(op.ILLEGAL, offset);
      return;
    }
    const { operation } = decoder;
    const at = next >> 1;
    u16[at] = operation;
    u16[at + (OP_RD >> 1)] = decoder.rd * 8;
    u16[at + (OP_RS1 >> 1)] = decoder.rs1 * 8;
    u16[at + (OP_RS2 >> 1)] = decoder.rs2 * 8;
    if (isBranch(operation)) {
      u32[(next + OP_IMMEDIATE) >> 2] = offset + decoder.immediate;
      u32[(next + OP_LINK) >> 2] = 0;
      u16[at + (OP_RD >> 1)] = offset;
    } else if (isJump(operation)) {
      u32[(next + OP_IMMEDIATE) >> 2] = offset + decoder.immediate;
      u32[(next + OP_LINK) >> 2] = 0;
      u16[at + (OP_RS1 >> 1)] = offset;
      u16[at + (OP_RS2 >> 1)] = length;
    } else {
      u32[(next + OP_IMMEDIATE) >> 2] = decoder.immediate;
      u16[at + (OP_PLACE >> 1)] = offset;
      u16[at + (OP_EXTRA >> 1)] = hasLength(operation) ? length : decoder.extra;
    }
    this.next += OPERATION;
  }

  private emitNamed(operation: number, offset: number): void {
    const at = this.next >> 1;
    this.u16[at] = operation;
    this.u16[at + (OP_PLACE >> 1)] = offset;
    this.next += OPERATION;
  }

  private emitEnd(offset: number, link: number): void {
    this.u16[this.next >> 1] = op.END;
    this.u32[(this.next + OP_IMMEDIATE) >> 2] = offset;
    this.u32[(this.next + OP_LINK) >> 2] = link;
    this.next += OPERATION;
  }

  /** The operation that is `count` instructions after one, in its line; undefined if the line ends before. */
  after(operation: number, count: number): number | undefined {
    for (let at = operation, left = count; ; at += OPERATION, left -= 1) {
      const number = this.u16[at >> 1]!;
      if (number === op.END) return undefined;
      if (left === 0) return at;
      if (endsLine(number)) return undefined;
    }
  }

  /** Length of the instruction of a store. */
  lengthOf(store: number): number {
    const isAtomic = !hasLength(this.u16[store >> 1]!);
    return isAtomic ? 4 : this.u16[(store + OP_EXTRA) >> 1]!;
  }

  /** Where an operation's instruction is in its page. */
  placeOf(operation: number, number = this.u16[operation >> 1]!): number {
    const field = isBranch(number) ? OP_RD : isJump(number) ? OP_RS1 : OP_PLACE;
    return this.u16[(operation + field) >> 1]!;
  }

  /** Puts another number into an operation. @returns the one that was there. */
  replace(operation: number, number: number): number {
    const old = this.u16[operation >> 1]!;
    this.u16[operation >> 1] = number;
    return old;
  }
}

function isBranch(operation: number): boolean {
  return operation >= op.BEQ && operation <= op.BGEU;
}

function isJump(operation: number): boolean {
  return operation === op.JAL || operation === op.JALW;
}

/** Whether what comes after the operation is found by its length. Stores of atomic operations all have 4 bytes. */
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
