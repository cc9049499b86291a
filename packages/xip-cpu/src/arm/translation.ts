import type { Access, UserMemory } from '../memory/user-memory.js';
import { MemoryFault } from '../memory/fault.js';
import { HELPERS, TLB_END, TLB_FETCH, TLB_READ, TLB_WRITE } from './layout.js';

const PAGE = 0x1000;
/** The bits of a page number that index a table. */
const INDEX = 0xff;
/** A word that is not a page number. */
const NO_PAGE = 2;
/** The page of the exception vectors and of the kernel's user helpers. */
const VECTORS = 0xffff0000;

/**
 * The processor's tables of pages, in pieces of 4 KiB whatever the page size is, filled from the
 * address space.
 */
export class Translation {
  private readonly words: Uint32Array;
  private readonly helpers: boolean;
  private space: UserMemory;
  private generation = 0;

  /** @param helpers whether the page of the kernel's user helpers exists. */
  constructor(memory: WebAssembly.Memory, helpers: boolean) {
    this.words = new Uint32Array(memory.buffer);
    this.helpers = helpers;
    this.space = emptySpace(memory);
  }

  get memory(): UserMemory {
    return this.space;
  }

  use(space: UserMemory): void {
    this.space = space;
    this.generation = space.generation;
    this.forget(TLB_READ, TLB_END);
  }

  /** Drops loads and stores that the address space may have revoked. */
  refresh(): void {
    if (this.memory.generation === this.generation) return;
    this.generation = this.memory.generation;
    this.forget(TLB_READ, TLB_END);
  }

  forgetFetches(): void {
    this.forget(TLB_FETCH, TLB_READ);
  }

  forgetStores(): void {
    this.forget(TLB_WRITE, TLB_END);
  }

  /**
   * Returns the place of the 4 KiB piece that an address is in, after the faults of the access.
   *
   * @throws Fault
   */
  locate(address: number, access: Access): number {
    if (this.helpers && address >= VECTORS) {
      if (address < VECTORS + PAGE && access !== 'write') return HELPERS;
      throw new MemoryFault('SIGSEGV', 'MAPERR', address);
    }
    const { memory } = this;
    const inPage = address % 2 ** memory.pageShift;
    return memory.frameBytes(address, access) + (inPage - (inPage % PAGE));
  }

  /** Returns the identity of the physical page that an address was fetched from. */
  identity(address: number): number {
    return this.helpers && address >= VECTORS ? -1 : this.memory.frameIdentity(address);
  }

  /** Adds a piece to the table of loads or of stores. */
  enter(address: number, isStore: boolean, place: number): void {
    const page = address - (address % PAGE);
    const at = ((isStore ? TLB_WRITE : TLB_READ) >> 2) + ((page >>> 12) & INDEX) * 2;
    this.words[at] = page;
    this.words[at + 1] = place - page;
  }

  /** Adds a piece to the table of fetches; `mode` is the Thumb bit. */
  enterFetch(page: number, mode: number, table: number): void {
    const at = (TLB_FETCH >> 2) + ((page >>> 12) & INDEX) * 2;
    this.words[at] = page + mode;
    this.words[at + 1] = table;
  }

  private forget(from: number, to: number): void {
    for (let at = from >> 2; at < to >> 2; at += 2) this.words[at] = NO_PAGE;
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
