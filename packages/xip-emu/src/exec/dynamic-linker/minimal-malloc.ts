import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../memory-map.js';
import type { Process } from '../../process.js';
import type { Address } from '../../units.js';
import type { LoadedObject } from '../loaded-object.js';

/** Whole pages, in bytes. */
export interface MappedRange {
  readonly address: Address;
  readonly length: number;
}

/**
 * The allocator of glibc's loader until that of libc can be used: blocks one after the other, first
 * in the rest of the last page of the loader's own data, then in memory of its own, each time one
 * page more than is asked for. Compare elf/dl-minimal-malloc.c:__minimal_malloc().
 */
export class MinimalMalloc {
  private readonly process: Process;
  private readonly alignment: number;
  /** What it has mapped, oldest first. */
  readonly mapped: MappedRange[] = [];
  private next: Address;
  private end: Address;

  constructor(process: Process, { segments }: LoadedObject, wordBytes: number) {
    this.process = process;
    this.alignment = 2 * wordBytes;
    this.next = Math.max(...segments.map(({ address, memsz }) => address + memsz));
    this.end = process.geometry.align(this.next);
  }

  /**
   * @returns the block, whose bytes are zero.
   * @throws SyscallError of mmap(2).
   */
  malloc(bytes: number): Address {
    this.next = Math.ceil(this.next / this.alignment) * this.alignment;
    if (this.next + bytes >= this.end) {
      const { geometry } = this.process;
      const length = geometry.align(bytes) + geometry.size;
      const protection = PROT_READ | PROT_WRITE;
      const start = this.process.mmap(length, protection, MAP_PRIVATE | MAP_ANONYMOUS);
      this.mapped.push({ address: start, length });
      if (start !== this.end) this.next = start;
      this.end = start + length;
    }
    const block = this.next;
    this.next += bytes;
    return block;
  }

  /** Writes to all pages of a part of a block. @throws AccessFault. */
  use(start: Address, bytes: number): void {
    const { geometry } = this.process;
    for (let at = start; at < start + bytes; at = geometry.alignDown(at) + geometry.size) {
      this.process.store(at, 0);
    }
  }
}
