import { Emitter, type Origin } from './emitter.js';
import { decodeA32 } from './a32/index.js';
import { decodeT32, isWide } from './t32/index.js';
import * as op from './operations.js';
import type { Translation } from './translation.js';

const PAGE = 0x1000;
/** The most instructions that a block can have. */
export const MAX_BLOCK = 64;
/** A table has a word for every halfword of a piece. */
const TABLE_BYTES = (PAGE / 2) * 4;
/** The most bytes that a block can take: an instruction has fewer than ten operations. */
const BLOCK_BYTES = MAX_BLOCK * 10 * 16;

/** The operations of one piece of 4 KiB at one address, for one instruction set. */
interface DecodedPiece {
  readonly identity: number;
  readonly page: number;
  readonly mode: number;
  /** The offset of the code in linear memory. */
  readonly place: number;
  readonly table: number;
}

/**
 * The decoded instructions. They belong to the physical page and its address, so that another
 * process that runs the same program uses them too.
 */
export class CodeCache {
  readonly emitter: Emitter;
  /** How often everything was dropped. Operations found before that are gone. */
  clears = 0;
  private readonly words: Int32Array;
  private readonly halves: Uint16Array;
  private readonly translation: Translation;
  private readonly start: number;
  private readonly end: number;
  private readonly pieces = new Map<string, DecodedPiece>();
  /** Pieces that can be fetched from without asking the address space, by address and Thumb bit. */
  private readonly mapped = new Map<number, DecodedPiece>();
  /** Pieces by place: a store to a place drops their operations. */
  private readonly byPlace = new Map<number, DecodedPiece[]>();

  /** @param area of `memory`, for the operations. */
  constructor(memory: WebAssembly.Memory, translation: Translation, area: Uint8Array) {
    this.words = new Int32Array(memory.buffer);
    this.halves = new Uint16Array(memory.buffer);
    this.translation = translation;
    this.start = area.byteOffset;
    this.end = area.byteOffset + area.length;
    this.emitter = new Emitter(memory, area.byteOffset, area.length);
    this.emitter.at = this.start;
  }

  origin(operation: number): Origin {
    return this.emitter.origin(operation);
  }

  /**
   * Returns the first operation of an instruction; `mode` is the Thumb bit. @throws Fault of the
   * fetch
   */
  find(pc: number, mode: number): number {
    if (this.emitter.at + TABLE_BYTES + BLOCK_BYTES > this.end) this.clear();
    const piece = this.pieceOf(pc, mode);
    const entry = (piece.table >> 2) + ((pc % PAGE) >> 1);
    const known = this.words[entry]!;
    if (known !== 0) return known;
    const start = this.decodeBlock(piece, pc);
    this.words[entry] = start;
    return start;
  }

  /**
   * Decodes one instruction, with ITSTATE, followed by STEP. The instruction may be in two pieces.
   * Execute the operations at once: the next call overwrites them.
   *
   * @throws Fault of the fetch
   */
  decodeOne(pc: number, mode: number, it: number): number {
    if (this.emitter.at + BLOCK_BYTES > this.end) this.clear();
    const { emitter } = this;
    const start = emitter.at;
    this.begin(mode, it);
    const word = this.fetchWord(pc, mode);
    emitter.pc = pc;
    this.decode(word);
    emitter.pc = (pc + emitter.size) >>> 0;
    emitter.index = 1;
    emitter.emit(op.STEP, 0, 0, 0);
    emitter.at = start;
    return start;
  }

  /** Drops the operations of a place that was stored to. Returns whether there were any. */
  dropPlace(place: number): boolean {
    const pieces = this.byPlace.get(place);
    if (pieces === undefined) return false;
    this.byPlace.delete(place);
    this.forgetFetches();
    for (const { identity, page, mode, table } of pieces) {
      this.pieces.delete(keyOf(identity, page, mode));
      this.words.fill(0, table >> 2, (table + TABLE_BYTES) >> 2);
    }
    return true;
  }

  /** Makes every page be asked for before the next fetch from it. */
  forgetFetches(): void {
    this.mapped.clear();
    this.translation.forgetFetches();
  }

  /** Returns the instruction at an address, of 16 or 32 bits. @throws Fault */
  instructionAt(pc: number, mode: number): number {
    return this.fetchWord(pc, mode);
  }

  private clear(): void {
    this.clears++;
    this.emitter.at = this.start;
    this.pieces.clear();
    this.byPlace.clear();
    this.forgetFetches();
  }

  private pieceOf(pc: number, mode: number): DecodedPiece {
    const page = pc - (pc % PAGE);
    const mapped = this.mapped.get(page + mode);
    if (mapped !== undefined) {
      this.translation.enterFetch(page, mode, mapped.table);
      return mapped;
    }
    const place = this.translation.locate(pc, 'fetch');
    const identity = this.translation.identity(pc);
    const key = keyOf(identity, page, mode);
    let piece = this.pieces.get(key);
    if (piece?.place !== place) {
      const table = this.emitter.at;
      this.words.fill(0, table >> 2, (table + TABLE_BYTES) >> 2);
      this.emitter.at += TABLE_BYTES;
      piece = { identity, page, mode, place, table };
      this.pieces.set(key, piece);
      this.watch(piece);
    }
    this.mapped.set(page + mode, piece);
    this.translation.enterFetch(page, mode, piece.table);
    return piece;
  }

  private watch(piece: DecodedPiece): void {
    const others = this.byPlace.get(piece.place);
    if (others !== undefined) {
      others.push(piece);
      return;
    }
    this.byPlace.set(piece.place, [piece]);
    // The table of stores may have an entry for the place.
    this.translation.forgetStores();
  }

  private begin(mode: number, it: number): void {
    const { emitter } = this;
    emitter.thumb = mode !== 0;
    emitter.it = it;
    emitter.index = 0;
    emitter.ended = false;
  }

  private decodeBlock({ page, mode, place }: DecodedPiece, pc: number): number {
    const { emitter } = this;
    const start = emitter.at;
    this.begin(mode, 0);
    let at = pc;
    const end = page + PAGE;
    for (;;) {
      const word = this.wordInPiece(place, at - page, mode);
      emitter.pc = at;
      if (word === undefined || (emitter.index >= MAX_BLOCK - 1 && emitter.it !== 0)) {
        emitter.emit(op.STEP, 0, 0, 0);
        return start;
      }
      this.decode(word);
      at += emitter.size;
      emitter.index++;
      if (emitter.ended) return start;
      if (at >= end || (emitter.index >= MAX_BLOCK && emitter.it === 0)) {
        this.endBlock(at, mode);
        return start;
      }
    }
  }

  /** Continues in the next block. Inside an IT block instructions are executed one by one. */
  private endBlock(at: number, mode: number): void {
    const { emitter } = this;
    // The branch is not an instruction: it counts those before it.
    emitter.index--;
    if (emitter.it === 0) emitter.branch((at % 2 ** 32) + mode);
    else {
      emitter.index++;
      emitter.pc = at % 2 ** 32;
      emitter.emit(op.STEP, 0, 0, 0);
    }
  }

  private decode(word: number): void {
    const { emitter } = this;
    if (emitter.thumb) decodeT32(emitter, word);
    else decodeA32(emitter, word);
  }

  /**
   * Returns the instruction in a piece, or undefined if it crosses the end. Sets the emitter's
   * size.
   */
  private wordInPiece(place: number, offset: number, mode: number): number | undefined {
    const { emitter, halves } = this;
    const at = (place + offset) >> 1;
    const first = halves[at]!;
    if (mode === 0) {
      emitter.size = 4;
      return ((halves[at + 1]! << 16) | first) >>> 0;
    }
    emitter.size = isWide(first) ? 4 : 2;
    if (emitter.size === 2) return first;
    return offset + 4 > PAGE ? undefined : ((first << 16) | halves[at + 1]!) >>> 0;
  }

  private fetchWord(pc: number, mode: number): number {
    const place = this.translation.locate(pc, 'fetch');
    const word = this.wordInPiece(place, pc % PAGE, mode);
    if (word !== undefined) return word;
    const first = this.halves[(place + (pc % PAGE)) >> 1]!;
    const next = this.translation.locate(pc + 2, 'fetch');
    return ((first << 16) | this.halves[next >> 1]!) >>> 0;
  }
}

function keyOf(identity: number, page: number, mode: number): string {
  return `${identity}:${page + mode}`;
}
