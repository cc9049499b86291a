import { PAGE_SHIFT, PAGE_SIZE } from '../units.js';

const SLOTS_SHIFT = 4;
const SLOTS = 1 << SLOTS_SHIFT;

/** Where pages come from: memory that a processor reads and writes itself. */
export interface PageBlocks {
  /** Hands out bytes, which are never given back and stay where they are. */
  allocate(bytes: number): Uint8Array;
}

const OWN_BLOCKS: PageBlocks = { allocate: (bytes) => new Uint8Array(bytes) };

/** Pages of bytes in blocks: what frames get when somebody writes to them. */
export class PageArena {
  private readonly source: PageBlocks;
  private readonly blocks: Uint8Array[] = [];
  private readonly released: number[] = [];
  private count = 0;

  constructor(source = OWN_BLOCKS) {
    this.source = source;
  }

  /** A slot with arbitrary content. */
  take(): number {
    const slot = this.released.pop();
    if (slot !== undefined) return slot;
    if (this.count === this.blocks.length << SLOTS_SHIFT) {
      this.blocks.push(this.source.allocate(SLOTS << PAGE_SHIFT));
    }
    this.count += 1;
    return this.count - 1;
  }

  release(slot: number): void {
    this.released.push(slot);
  }

  readByte(slot: number, offset: number): number {
    return this.blocks[slot >>> SLOTS_SHIFT]![startOf(slot) + offset]!;
  }

  writeByte(slot: number, offset: number, value: number): void {
    this.blocks[slot >>> SLOTS_SHIFT]![startOf(slot) + offset] = value;
  }

  /** The page itself, valid until the slot is released. */
  view(slot: number): Uint8Array {
    const start = startOf(slot);
    return this.blocks[slot >>> SLOTS_SHIFT]!.subarray(start, start + PAGE_SIZE);
  }

  /** Offset of the page in the memory that the blocks are of. */
  addressOf(slot: number): number {
    return this.blocks[slot >>> SLOTS_SHIFT]!.byteOffset + startOf(slot);
  }

  copy(to: number, from: number): void {
    const start = startOf(from);
    const source = this.blocks[from >>> SLOTS_SHIFT]!;
    const target = this.blocks[to >>> SLOTS_SHIFT]!;
    if (source === target) target.copyWithin(startOf(to), start, start + PAGE_SIZE);
    else target.set(source.subarray(start, start + PAGE_SIZE), startOf(to));
  }

  /** Writes `bytes`, at most a page of them, and zeros after them. */
  fill(slot: number, bytes: Uint8Array): void {
    const block = this.blocks[slot >>> SLOTS_SHIFT]!;
    const start = startOf(slot);
    block.set(bytes, start);
    if (bytes.length < PAGE_SIZE) block.fill(0, start + bytes.length, start + PAGE_SIZE);
  }
}

function startOf(slot: number): number {
  return (slot & (SLOTS - 1)) << PAGE_SHIFT;
}
