import { MemoryFault } from './fault.js';
import {
  FETCH_TLB,
  MODE_SHIFT,
  PIECE,
  READ_TLB,
  TLB_BYTES,
  TLB_ENTRIES,
  TLB_ENTRY_SHIFT,
  TLB_END,
  WRITE_TLB,
} from './layout.js';
import type { Access, UserMemory } from './user-memory.js';

const TWO_32 = 2 ** 32;
/** The bits of an entry's offset in its table. */
const ENTRY_MASK = (TLB_ENTRIES - 1) << TLB_ENTRY_SHIFT;
const NOTHING = 0xffffffff;

/** A piece that the processor has itself, the last one that there is: no page of the address space. */
export interface OwnPiece {
  readonly address: number;
  /** Where it is in linear memory. */
  readonly place: number;
}

/**
 * A processor's tables of pieces (TLBs), and the address space that they are filled from: what an address space may
 * have taken back is never in them.
 */
export class Translation {
  private readonly words: Uint32Array;
  private readonly own: OwnPiece | undefined;
  /** Tables with entries. */
  private readonly filled = new Set<number>();
  private space: UserMemory;
  private pageSize = PIECE;
  private generation = 0;
  private execGeneration = 0;
  private fetchesForgotten = 0;

  constructor(memory: WebAssembly.Memory, own?: OwnPiece) {
    this.words = new Uint32Array(memory.buffer);
    this.own = own;
    this.space = emptySpace(memory);
    this.words.fill(NOTHING, READ_TLB >> 2, TLB_END >> 2);
  }

  use(space: UserMemory): void {
    this.space = space;
    this.pageSize = 2 ** space.pageShift;
    this.generation = space.generation;
    this.execGeneration = space.execGeneration;
    this.forget(READ_TLB);
    this.forget(WRITE_TLB);
    this.forgetFetches();
  }

  /** Drops what the address space may have taken back since it was entered. */
  refresh(): void {
    const { generation, execGeneration } = this.space;
    if (generation !== this.generation) {
      this.generation = generation;
      this.forget(READ_TLB);
      this.forget(WRITE_TLB);
    }
    if (execGeneration !== this.execGeneration) {
      this.execGeneration = execGeneration;
      this.forgetFetches();
    }
  }

  /** Changes whenever every piece has to be asked for before it is fetched from. */
  get fetches(): number {
    return this.fetchesForgotten;
  }

  forgetFetches(): void {
    this.fetchesForgotten += 1;
    this.forget(FETCH_TLB);
  }

  forgetStores(): void {
    this.forget(WRITE_TLB);
  }

  /**
   * Where an address is, after the faults of the access.
   *
   * @throws Fault
   */
  locate(address: number, access: Access): number {
    const { own, space, pageSize } = this;
    if (own !== undefined && address >= own.address) {
      const inPiece = address - own.address;
      if (inPiece < PIECE && access !== 'write') return own.place + inPiece;
      throw new MemoryFault('SIGSEGV', 'MAPERR', address);
    }
    const place = space.frameBytes(address, access) + (address % pageSize);
    this.refresh();
    return place;
  }

  /** Names the physical page behind an address that was fetched. */
  identity(address: number): number {
    const { own, space } = this;
    return own !== undefined && address >= own.address ? -1 : space.frameIdentity(address);
  }

  /** Enters the piece of an address that was located. */
  enter(address: number, tlb: typeof READ_TLB | typeof WRITE_TLB, place: number): void {
    this.set(tlb, address - (address % PIECE), place - address);
  }

  /** @param key the address of a piece, with the instruction set. @param map where the map of its operations is. */
  enterFetch(key: number, map: number): void {
    this.set(FETCH_TLB, key, map);
  }

  private set(tlb: number, key: number, value: number): void {
    this.filled.add(tlb);
    const low = key % TWO_32;
    const at = (tlb + (((low >>> 8) ^ (low >>> 18) ^ (low << MODE_SHIFT)) & ENTRY_MASK)) >> 2;
    this.words[at] = low;
    this.words[at + 1] = key / TWO_32;
    this.words[at + 2] = value % TWO_32;
  }

  private forget(tlb: number): void {
    if (!this.filled.delete(tlb)) return;
    this.words.fill(NOTHING, tlb >> 2, (tlb + TLB_BYTES) >> 2);
  }
}

/** What a processor has before it is given an address space: no page at all. */
function emptySpace(memory: WebAssembly.Memory): UserMemory {
  return {
    memory,
    pageShift: 12,
    generation: 0,
    execGeneration: 0,
    frameBytes: (address) => {
      throw new MemoryFault('SIGSEGV', 'MAPERR', address);
    },
    frameIdentity: () => 0,
  };
}
