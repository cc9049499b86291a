import type { Access, UserMemory } from '../memory/user-memory.js';
import { MemoryFault } from '../memory/fault.js';
import { HELPERS, TLB_END, TLB_FETCH, TLB_READ, TLB_WRITE } from './layout.js';

const PAGE = 0x1000;
/** The index of a page's entry, in words. */
const INDEX = 0xff;
/** No page has this number. */
const NO_PAGE = 2;
/** The page of the exception vectors and of the kernel's user helpers. */
const VECTORS = 0xffff0000;

/**
 * The processor's tables of pages: pieces of 4 KiB, whatever the size of a page is, and what the address
 * space says of them.
 */
export class Translation {
  private readonly words: Uint32Array;
  private readonly helpers: boolean;
  private space: UserMemory;
  private generation = 0;

  /** @param helpers whether the page of the kernel's user helpers is there. */
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

  /** Drops loads and stores that the address space may have taken back. */
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

  /** Where the piece of 4 KiB that has an address is, after the faults of the access. @throws Fault */
  locate(address: number, access: Access): number {
    if (this.helpers && address >= VECTORS) {
      if (address < VECTORS + PAGE && access !== 'write') return HELPERS;
      throw new MemoryFault('SIGSEGV', 'MAPERR', address);
    }
    const { memory } = this;
    const inPage = address % 2 ** memory.pageShift;
    return memory.frameBytes(address, access) + (inPage - (inPage % PAGE));
  }

  /** Names the physical page behind an address that was fetched. */
  identity(address: number): number {
    return this.helpers && address >= VECTORS ? -1 : this.memory.frameIdentity(address);
  }

  /** Enters a piece into the table of loads or of stores. */
  enter(address: number, isStore: boolean, place: number): void {
    const page = address - (address % PAGE);
    const at = ((isStore ? TLB_WRITE : TLB_READ) >> 2) + ((page >>> 12) & INDEX) * 2;
    this.words[at] = page;
    this.words[at + 1] = place - page;
  }

  /** Enters the table of a piece's operations; `mode` is the Thumb bit. */
  enterFetch(page: number, mode: number, table: number): void {
    const at = (TLB_FETCH >> 2) + ((page >>> 12) & INDEX) * 2;
    this.words[at] = page + mode;
    this.words[at + 1] = table;
  }

  private forget(from: number, to: number): void {
    for (let at = from >> 2; at < to >> 2; at += 2) this.words[at] = NO_PAGE;
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
