import type { Access, LinearMemory, UserMemory } from 'xip-cpu';

const PAGE = 4096;

/** An address space of pages that are there, and others that are not. */
export class FlatMemory implements UserMemory {
  readonly memory: WebAssembly.Memory;
  readonly pageShift = 12;
  generation = 0;
  execGeneration = 0;
  private readonly pages = new Map<number, { place: number; allowed: readonly Access[] }>();
  private readonly linear: LinearMemory;

  constructor(linear: LinearMemory) {
    this.linear = linear;
    this.memory = linear.memory;
  }

  /** Maps zeroed pages. @returns their bytes. */
  map(address: number, bytes: number, allowed: readonly Access[]): Uint8Array {
    const area = this.linear.allocate(bytes);
    for (let at = 0; at < bytes; at += PAGE) {
      this.pages.set((address + at) / PAGE, { place: area.byteOffset + at, allowed });
    }
    return area;
  }

  frameBytes(address: number, access: Access): number {
    const page = this.pages.get(Math.floor(address / PAGE));
    if (page?.allowed.includes(access) !== true) {
      throw Object.assign(new Error('no access'), { signal: 'SIGSEGV', code: 'ACCERR', address });
    }
    return page.place;
  }

  frameIdentity(address: number): number {
    // Code that was written again is other code.
    return this.frameBytes(address, 'fetch') + this.execGeneration * 2 ** 32;
  }
}
