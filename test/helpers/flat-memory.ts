import { LinearMemory, type UserMemory } from 'xip-cpu';

const PAGE_SIZE = 4096;

/** An access outside a {@link FlatMemory}. */
class OutsideFault extends Error {
  readonly signal = 'SIGSEGV';
  readonly code = 'MAPERR';
  readonly address: number;

  constructor(address: number) {
    super(`nothing at 0x${address.toString(16)}`);
    this.address = address;
  }
}

/** A range of addresses that everything may be done to: all that a program without a kernel needs. */
export class FlatMemory implements UserMemory {
  readonly linear: LinearMemory;
  readonly memory: WebAssembly.Memory;
  readonly pageShift = 12;
  readonly execGeneration = 0;
  /** The bytes from `start` on. */
  readonly bytes: Uint8Array;
  readonly start: number;
  private forgotten = 0;

  /** @param start whole pages, as is `size`. */
  constructor(start: number, size: number) {
    this.linear = new LinearMemory(size + (40 << 20));
    this.memory = this.linear.memory;
    this.start = start;
    this.bytes = this.linear.allocate(size);
  }

  get generation(): number {
    return this.forgotten;
  }

  /** Makes the processor ask again for each page. */
  forget(): void {
    this.forgotten += 1;
  }

  frameBytes(address: number): number {
    const offset = address - this.start;
    if (offset < 0 || offset >= this.bytes.length) throw new OutsideFault(address);
    return this.bytes.byteOffset + offset - (offset % PAGE_SIZE);
  }

  frameIdentity(address: number): number {
    return Math.floor(address / PAGE_SIZE);
  }
}
