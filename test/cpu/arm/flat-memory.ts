import type { LinearMemory, UserMemory } from 'xip-cpu';

const PAGE = 4096;

/** An address space of pages that are there, and others that are not. */
export class FlatMemory implements UserMemory {
  readonly memory: WebAssembly.Memory;
  readonly pageShift = 12;
  generation = 0;
  execGeneration = 0;
  private readonly pages = new Map<number, number>();
  private readonly linear: LinearMemory;

  constructor(linear: LinearMemory) {
    this.linear = linear;
    this.memory = linear.memory;
  }

  /** Maps zeroed pages. @returns their bytes. */
  map(address: number, bytes: number): Uint8Array {
    const area = this.linear.allocate(bytes);
    for (let at = 0; at < bytes; at += PAGE) {
      this.pages.set((address + at) / PAGE, area.byteOffset + at);
    }
    return area;
  }

  frameBytes(address: number): number {
    const place = this.pages.get(Math.floor(address / PAGE));
    if (place === undefined) {
      throw Object.assign(new Error('no page'), { signal: 'SIGSEGV', code: 'MAPERR', address });
    }
    return place;
  }

  frameIdentity(address: number): number {
    // Code that was written anew is other code.
    return this.frameBytes(address) + this.execGeneration * 2 ** 32;
  }
}
