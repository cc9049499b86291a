import type { PageGeometry } from '../units.js';

/**
 * Arithmetic of the kernel's `unsigned long` for values from files: it wraps round at the word size
 * of the machine. Values that pass the checks are ordinary numbers.
 */
export class UnsignedLong {
  private readonly bits: 32 | 64;
  private readonly pageSize: bigint;

  constructor(bits: 32 | 64, { size }: PageGeometry) {
    this.bits = bits;
    this.pageSize = BigInt(size);
  }

  wrap(value: bigint): bigint {
    return BigInt.asUintN(this.bits, value);
  }

  /** Returns the value as a difference, which may be negative. */
  signed(value: bigint): number {
    return Number(BigInt.asIntN(this.bits, value));
  }

  /** ELF_PAGESTART() */
  pageStart(value: bigint): bigint {
    return value - this.pageOffset(value);
  }

  /** ELF_PAGEOFFSET() */
  pageOffset(value: bigint): bigint {
    return value % this.pageSize;
  }

  /** ELF_PAGEALIGN(): near the end of the word it gives 0. */
  pageAlign(value: bigint): bigint {
    return this.pageStart(this.wrap(value + this.pageSize - 1n));
  }
}
