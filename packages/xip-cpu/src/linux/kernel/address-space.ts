import type { MemoryMap } from 'xip-emu';
import type { Access, UserMemory } from '../../memory/user-memory.js';

/** Called when the processor asks for a page: for each page and kind of access at least once. */
export type AccessObserver = (mm: MemoryMap, address: number, access: Access) => void;

/** The memory of a process as a processor and the kernel use it. */
export class AddressSpace implements UserMemory {
  readonly memory: WebAssembly.Memory;
  readonly pageShift: number;
  private readonly mm: MemoryMap;
  private readonly observer: AccessObserver | undefined;

  constructor(
    mm: MemoryMap,
    memory: WebAssembly.Memory,
    pageShift: number,
    observer?: AccessObserver,
  ) {
    this.mm = mm;
    this.memory = memory;
    this.pageShift = pageShift;
    this.observer = observer;
  }

  frameBytes(address: number, access: Access): number {
    const place = this.mm.frameBytes(address, access);
    this.observer?.(this.mm, address, access);
    return place;
  }

  get generation(): number {
    return this.mm.generation;
  }

  get execGeneration(): number {
    return this.mm.execGeneration;
  }

  frameIdentity(address: number): number {
    return this.mm.frameIdentity(address);
  }
}
