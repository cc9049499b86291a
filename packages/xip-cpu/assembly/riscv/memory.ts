import {
  CURRENT,
  FOR_STORE,
  PAGE_BASE,
  READ_TLB,
  STORED,
  TLB_ENTRIES,
  TLB_ENTRY_SHIFT,
  WRITE_TLB,
} from '../../src/riscv/layout';

/** A page has 2^shift bytes. */
export let pageShift: u64 = 12;
/** The mask of an address: all 64 bits, or the lower 32. */
export let addressMask: u64 = 0xffffffffffffffff;

export function configure(shift: u32, bits: u32): void {
  pageShift = shift;
  addressMask = bits == 32 ? 0xffffffff : 0xffffffffffffffff;
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

function slowRead(ip: u32, base: u64, address: u64, size: u32): u32 {
  store<u32>(CURRENT, ip);
  store<u64>(PAGE_BASE, base);
  return hostRead(<u32>address, <u32>(address >> 32), size);
}

function slowWrite(ip: u32, base: u64, address: u64, size: u32): u32 {
  store<u32>(CURRENT, ip);
  store<u64>(PAGE_BASE, base);
  return hostWrite(<u32>address, <u32>(address >> 32), size);
}

/** Returns the place of bytes that an atomic operation reads and then writes. */
export function readableForStore(ip: u32, base: u64, address: u64, size: u32): u32 {
  return slowRead(ip, base, address, size | FOR_STORE);
}

// @ts-ignore: decorator
@inline
function entryOf(tlb: u32, address: u64): u32 {
  return tlb + ((<u32>(address >> pageShift) & (TLB_ENTRIES - 1)) << TLB_ENTRY_SHIFT);
}

/** Returns the place of `size` bytes that an instruction reads; 0: it has faulted. */
// @ts-ignore: decorator
@inline
export function readable(ip: u32, base: u64, address: u64, size: u32): u32 {
  const entry = entryOf(READ_TLB, address);
  // Compare the page of the last byte: bytes in two pages then miss, because the entry is that of
  // the first page.
  if (load<u64>(entry) == (address + (size - 1)) >> pageShift) return <u32>address + load<u32>(entry, 8);
  return slowRead(ip, base, address, size);
}

/** Returns the place of `size` bytes that an instruction writes; 0: take the slow path. */
// @ts-ignore: decorator
@inline
export function writable(address: u64, size: u32): u32 {
  const entry = entryOf(WRITE_TLB, address);
  if (load<u64>(entry) == (address + (size - 1)) >> pageShift) return <u32>address + load<u32>(entry, 8);
  return 0;
}

/** Stores on the slow path. @returns the same as `hostWrite`. */
export function storeSlowly(ip: u32, base: u64, address: u64, size: u32, value: u64): u32 {
  store<u64>(STORED, value);
  return slowWrite(ip, base, address, size);
}
