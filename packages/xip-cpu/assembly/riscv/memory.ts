import { READ_TLB, WRITE_TLB } from '../../src/memory/layout';
import { CURRENT, FOR_STORE, LEFT, OPERATION_SHIFT, PAGE_BASE, STORED } from '../../src/riscv/layout';
import { entryOf, holds, placeIn } from '../memory/tlb';

/** The mask of an address: all 64 bits, or the lower 32. */
export let addressMask: u64 = 0xffffffffffffffff;

export function configure(bits: u32): void {
  addressMask = bits == 32 ? 0xffffffff : 0xffffffffffffffff;
}

/**
 * Returns the number of instructions from the start of a straight line to one of its operations.
 */
// @ts-ignore: decorator
@inline
export function count(start: u32, ip: u32): i32 {
  return (ip - start) >> OPERATION_SHIFT;
}

/*
 * Lets TypeScript take the faults. A read returns the place of the bytes, which may be a place for
 * the result of atomic operations; 0 is a fault. A write stores the bytes at STORED; 0 is a fault,
 * 2 means that code has changed.
 */
@external('host', 'read')
declare function hostRead(low: u32, high: u32, size: u32): u32;
@external('host', 'write')
declare function hostWrite(low: u32, high: u32, size: u32): u32;

function slowRead(ip: u32, base: u64, left: i32, address: u64, size: u32): u32 {
  store<u32>(CURRENT, ip);
  store<u64>(PAGE_BASE, base);
  store<i32>(LEFT, left);
  return hostRead(<u32>address, <u32>(address >> 32), size);
}

function slowWrite(ip: u32, base: u64, left: i32, address: u64, size: u32): u32 {
  store<u32>(CURRENT, ip);
  store<u64>(PAGE_BASE, base);
  store<i32>(LEFT, left);
  return hostWrite(<u32>address, <u32>(address >> 32), size);
}

/** Returns the place of bytes that an atomic operation reads and then writes. */
export function readableForStore(ip: u32, base: u64, left: i32, address: u64, size: u32): u32 {
  return slowRead(ip, base, left, address, size | FOR_STORE);
}

/** Returns the place of `size` bytes that an instruction reads; 0: it has faulted. */
// @ts-ignore: decorator
@inline
export function readable(ip: u32, base: u64, left: i32, start: u32, address: u64, size: u32): u32 {
  const entry = entryOf<u64>(READ_TLB, address);
  if (holds<u64>(entry, address, size)) return placeIn<u64>(entry, address);
  return slowRead(ip, base, left - count(start, ip), address, size);
}

/** Returns the place of `size` bytes that an instruction writes; 0: take the slow path. */
// @ts-ignore: decorator
@inline
export function writable(address: u64, size: u32): u32 {
  const entry = entryOf<u64>(WRITE_TLB, address);
  return holds<u64>(entry, address, size) ? placeIn<u64>(entry, address) : 0;
}

/** Stores on the slow path. @returns the same as `hostWrite`. */
export function storeSlowly(ip: u32, base: u64, left: i32, address: u64, size: u32, value: u64): u32 {
  store<u64>(STORED, value);
  return slowWrite(ip, base, left, address, size);
}
