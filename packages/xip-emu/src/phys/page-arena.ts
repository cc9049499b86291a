import type { PageGeometry } from '../units.js';

const SLOTS_SHIFT = 4;
const SLOTS = 1 << SLOTS_SHIFT;
const SLOTS_MASK = SLOTS - 1;

/** The source of pages: memory that a processor reads and writes itself. */
export interface PageBlocks {
  /** Hands out bytes, which are never given back and stay where they are. */
  allocate(bytes: number): Uint8Array;
}

const OWN_BLOCKS: PageBlocks = { allocate: (bytes) => new Uint8Array(bytes) };

/** Pages of bytes in blocks; a frame gets one when somebody writes to it. */
export class PageArena {
  readonly geometry: PageGeometry;
  private readonly source: PageBlocks;
  private readonly blocks: Uint8Array[] = [];
  private readonly released: number[] = [];
  private count = 0;
  private readonly pageSize: number;
  private readonly pageShift: number;

  constructor(geometry: PageGeometry, source = OWN_BLOCKS) {
    this.geometry = geometry;
    this.pageSize = geometry.size;
    this.pageShift = geometry.shift;
    this.source = source;
  }

  /** A slot with arbitrary content. */
  take(): number {
    const slot = this.released.pop();
    if (slot !== undefined) return slot;
    if (this.count === this.blocks.length << SLOTS_SHIFT) {
      this.blocks.push(this.source.allocate(SLOTS << this.pageShift));
    }
    this.count += 1;
    return this.count - 1;
  }

  release(slot: number): void {
    this.released.push(slot);
  }

  readByte(slot: number, offset: number): number {
    return this.blocks[slot >>> SLOTS_SHIFT]![((slot & SLOTS_MASK) << this.pageShift) + offset]!;
  }

  writeByte(slot: number, offset: number, value: number): void {
    this.blocks[slot >>> SLOTS_SHIFT]![((slot & SLOTS_MASK) << this.pageShift) + offset] = value;
  }

  /** The page itself, valid until the slot is released. */
  view(slot: number): Uint8Array {
    const start = this.startOf(slot);
    return this.blocks[slot >>> SLOTS_SHIFT]!.subarray(start, start + this.pageSize);
  }

  /** Offset of the page in the memory that the blocks belong to. */
  addressOf(slot: number): number {
    return this.blocks[slot >>> SLOTS_SHIFT]!.byteOffset + this.startOf(slot);
  }

  copy(to: number, from: number): void {
    const start = this.startOf(from);
    const source = this.blocks[from >>> SLOTS_SHIFT]!;
    const target = this.blocks[to >>> SLOTS_SHIFT]!;
    if (source === target) target.copyWithin(this.startOf(to), start, start + this.pageSize);
    else target.set(source.subarray(start, start + this.pageSize), this.startOf(to));
  }

  /** Writes `bytes`, at most a page of them, and zeros after them. */
  fill(slot: number, bytes: Uint8Array): void {
    const block = this.blocks[slot >>> SLOTS_SHIFT]!;
    const start = this.startOf(slot);
    block.set(bytes, start);
    if (bytes.length < this.pageSize) block.fill(0, start + bytes.length, start + this.pageSize);
  }

  private startOf(slot: number): number {
    return (slot & SLOTS_MASK) << this.pageShift;
  }
}
