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

/**
 * A piece of the processor's own, the last one of all addresses: not a page of the address space.
 */
export interface OwnPiece {
  readonly address: number;
  /** The place of its bytes in linear memory. */
  readonly place: number;
}

/**
 * A processor's tables of pieces (TLBs), and the address space that they are filled from. They
 * never hold anything that the address space may have revoked.
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

  /** Drops entries that the address space may have revoked since they were made. */
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

  /** Changes whenever every piece must be asked for before the next fetch from it. */
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
   * Returns the place of an address, after the faults of the access.
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

  /** Returns the identity of the physical page that an address was fetched from. */
  identity(address: number): number {
    const { own, space } = this;
    return own !== undefined && address >= own.address ? -1 : space.frameIdentity(address);
  }

  /** Adds the piece of an address that was located. */
  enter(address: number, tlb: typeof READ_TLB | typeof WRITE_TLB, place: number): void {
    this.set(tlb, address - (address % PIECE), place - address);
  }

  /**
   * @param key the address of a piece, with the instruction set. @param map the place of the map of
   * its operations.
   */
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

/** The address space of a processor that was not given one yet: it has no pages. */
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
