import type { LineDecoder } from '../memory/code-cache.js';
import { PIECE } from '../memory/layout.js';
import { decodeA32 } from './a32/index.js';
import type { Emitter } from './emitter.js';
import { ZERO } from './layout.js';
import * as op from './operations.js';
import { decodeT32, isWide } from './t32/index.js';

/**
 * The operations of an instruction that was decoded before: where the first one is, in units of 16
 * bytes.
 */
type Written = Map<number, { readonly at: number; readonly count: number }>;

/** Writes operations for the instructions of A32 and T32. */
export class ArmLines implements LineDecoder {
  private readonly emitter: Emitter;
  private readonly halves: Uint16Array;
  private page = 0;
  private isKept = false;
  private readonly a32: Written = new Map();
  private readonly t32: Written = new Map();

  constructor(memory: WebAssembly.Memory, emitter: Emitter) {
    this.emitter = emitter;
    this.halves = new Uint16Array(memory.buffer);
  }

  get at(): number {
    return this.emitter.at;
  }

  set at(at: number) {
    this.emitter.at = at;
  }

  get ended(): boolean {
    return this.emitter.ended;
  }

  /** In an IT block. */
  get isInside(): boolean {
    return this.emitter.it !== 0;
  }

  reset(start: number, bytes: number): void {
    this.emitter.reset(start, bytes);
    this.a32.clear();
    this.t32.clear();
  }

  /** @param it ITSTATE. */
  begin(key: number, isKept: boolean, it = 0): void {
    const { emitter } = this;
    this.page = key - (key & 1);
    this.isKept = isKept;
    emitter.thumb = (key & 1) === 1;
    emitter.it = it;
    emitter.index = 0;
    emitter.ended = false;
  }

  decode(place: number, offset: number): number {
    const { emitter, halves } = this;
    const at = (place + offset) >> 1;
    const first = halves[at]!;
    if (!emitter.thumb) {
      this.write(((halves[at + 1]! << 16) | first) >>> 0, offset, 4);
    } else if (!isWide(first)) {
      this.write(first, offset, 2);
    } else if (offset + 4 > PIECE) {
      return 0;
    } else {
      this.write(((first << 16) | halves[at + 1]!) >>> 0, offset, 4);
    }
    return emitter.size;
  }

  decodeCut(place: number, offset: number, second: number): void {
    this.write(this.wordAt(place + offset, second), offset, 4);
  }

  /** Whether the instruction at a place has 32 bits. */
  isLong(place: number): boolean {
    return !this.emitter.thumb || isWide(this.halves[place >> 1]!);
  }

  /**
   * Returns an instruction of 16 bits, or one of 32 as {@link decodeT32} takes it. @param second
   * the place of its second half.
   */
  wordAt(place: number, second = place + 2): number {
    const first = this.halves[place >> 1]!;
    const next = this.halves[second >> 1]!;
    if (!this.emitter.thumb) return ((next << 16) | first) >>> 0;
    return isWide(first) ? ((first << 16) | next) >>> 0 : first;
  }

  end(offset: number, known: number): void {
    const { emitter } = this;
    // The branch is not an instruction: it counts those before it.
    emitter.index -= 1;
    const branch = emitter.at;
    emitter.branch(((this.page + offset) % 2 ** 32) + emitter.mode);
    if (known !== 0) emitter.link(branch, known);
    emitter.seal();
  }

  cut(offset: number): void {
    const { emitter } = this;
    emitter.beginInstruction(this.page + offset, 4);
    emitter.cross((this.page + PIECE) % 2 ** 32);
    emitter.seal();
  }

  join(operation: number, map: number, first: number): void {
    this.emitter.join(operation, map, first);
  }

  stop(offset: number): void {
    const { emitter } = this;
    emitter.beginInstruction((this.page + offset) % 2 ** 32, 4);
    emitter.emit(op.STEP, 0, 0, 0);
    emitter.seal();
  }

  after(operation: number, count: number): number | undefined {
    const { emitter } = this;
    const wanted = emitter.countAt(operation) + count;
    for (let at = operation; ; at += 16) {
      const there = emitter.countAt(at);
      if (there === 0) return 0;
      if (there >= wanted) return there === wanted ? at : undefined;
    }
  }

  setStop(operation: number, number: number = op.STEP): number {
    return this.emitter.replace(operation, number);
  }

  private write(word: number, offset: number, size: 2 | 4): void {
    const { emitter, isKept } = this;
    const written = emitter.thumb ? this.t32 : this.a32;
    const isAlone = emitter.it === 0;
    const { at } = emitter;
    emitter.beginInstruction(this.page + offset, size);
    const known = isAlone ? written.get(word) : undefined;
    if (known !== undefined) {
      emitter.repeat(known.at, known.count);
    } else {
      if (emitter.thumb) decodeT32(emitter, word);
      else decodeA32(emitter, word);
      const { ended, isPlaced, it } = emitter;
      if (isKept && isAlone && it === 0 && !ended && !isPlaced) {
        written.set(word, { at, count: (emitter.at - at) >> 4 });
      }
    }
    // At the start of a line each instruction is counted by an operation that has its index.
    if (emitter.at === at && emitter.index === 0) emitter.emit(op.MOV_R, ZERO, 0, ZERO);
    emitter.index += 1;
    if (emitter.ended) emitter.seal();
  }
}
