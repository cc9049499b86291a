import { LinearMemory, type Access, type UserMemory } from 'xip-cpu';

const PAGE_SIZE = 4096;
/** What a processor takes of a memory, and more. */
const PROCESSOR_BYTES = 40 << 20;
const EVERY_ACCESS: readonly Access[] = ['fetch', 'read', 'write'];

/** An access that a {@link FlatMemory} does not allow. */
class FlatFault extends Error {
  readonly signal = 'SIGSEGV';
  readonly code: string;
  readonly address: number;

  constructor(code: string, address: number) {
    super(`${code} at 0x${address.toString(16)}`);
    this.code = code;
    this.address = address;
  }
}

interface FlatPage {
  readonly place: number;
  readonly allowed: readonly Access[];
}

/** An address space of pages that are there, and others that are not. */
export class FlatMemory implements UserMemory {
  readonly linear: LinearMemory;
  readonly memory: WebAssembly.Memory;
  readonly pageShift = 12;
  /** To be changed so that the processor asks again for each page. */
  generation = 0;
  /** To be changed after code was written anew. */
  execGeneration = 0;
  private readonly pages = new Map<number, FlatPage>();

  constructor(linear: LinearMemory) {
    this.linear = linear;
    this.memory = linear.memory;
  }

  /** Maps zeroed pages; all numbers are whole pages. @returns their bytes. */
  map(address: number, bytes: number, allowed = EVERY_ACCESS): Uint8Array<ArrayBuffer> {
    const area = this.linear.allocate(bytes);
    for (let at = 0; at < bytes; at += PAGE_SIZE) {
      this.pages.set((address + at) / PAGE_SIZE, { place: area.byteOffset + at, allowed });
    }
    return area;
  }

  frameBytes(address: number, access: Access): number {
    const { place, allowed } = this.pageOf(address);
    if (!allowed.includes(access)) throw new FlatFault('ACCERR', address);
    return place;
  }

  frameIdentity(address: number): number {
    // Code that was written anew is other code.
    return this.pageOf(address).place + this.execGeneration * 2 ** 32;
  }

  private pageOf(address: number): FlatPage {
    const page = this.pages.get(Math.floor(address / PAGE_SIZE));
    if (page === undefined) throw new FlatFault('MAPERR', address);
    return page;
  }
}

/** A range of addresses that everything may be done to: all that a program without a kernel needs. */
export class FlatRange extends FlatMemory {
  /** The bytes from `start` on. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly start: number;

  constructor(start: number, size: number) {
    super(new LinearMemory(size + PROCESSOR_BYTES));
    this.start = start;
    this.bytes = this.map(start, size);
  }
}
