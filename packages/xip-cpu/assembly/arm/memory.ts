/* Loads and stores through the tables of pages; what is not in them, TypeScript answers. */

import { TLB_READ, TLB_WRITE, second, getN, setN, imm, aux, STATE, STRICT } from './state';

/**
 * Returns the place of the byte at an address, after the faults of the access, and enters the page into the
 * table. Throws what ends the instruction.
 */
// @ts-ignore: decorator
@external('processor', 'translate')
declare function translate(address: u32, write: i32, operation: usize): usize;

/** Throws: an address that is not aligned for this instruction. */
// @ts-ignore: decorator
@external('processor', 'unaligned')
declare function unaligned(address: u32, operation: usize): void;

const PAGE: u32 = 0x1000;

@inline
function entry(table: usize, address: u32): usize {
  return table + <usize>((address >> 9) & 0x7f8);
}

@inline
function hits(at: usize, address: u32, bytes: u32): bool {
  return load<u32>(at) == ((address + (bytes - 1)) & ~(PAGE - 1));
}

@inline
function crosses(address: u32, bytes: u32): bool {
  return (address & (PAGE - 1)) > PAGE - bytes;
}

/** The first address after the page: where an access across its end faults. */
@inline
function nextPage(address: u32): u32 {
  return (address & ~(PAGE - 1)) + PAGE;
}

@inline
export function read<T>(p: usize, address: u32): T {
  const at = entry(TLB_READ, address);
  if (hits(at, address, sizeof<T>())) return load<T>(<usize>(address + load<u32>(at, 4)));
  return <T>readSlowly(p, address, sizeof<T>());
}

function readSlowly(p: usize, address: u32, bytes: u32): u64 {
  if (crosses(address, bytes)) {
    let value: u64 = 0;
    for (let i: u32 = 0; i < bytes; i++) {
      value |= <u64>load<u8>(translate(address + i, 0, p)) << (i << 3);
    }
    return value;
  }
  const at = translate(address, 0, p);
  if (bytes == 1) return load<u8>(at);
  if (bytes == 2) return load<u16>(at);
  return bytes == 4 ? <u64>load<u32>(at) : load<u64>(at);
}

@inline
export function write<T>(p: usize, address: u32, value: T): void {
  const at = entry(TLB_WRITE, address);
  if (hits(at, address, sizeof<T>())) store<T>(<usize>(address + load<u32>(at, 4)), value);
  else writeSlowly(p, address, sizeof<T>(), <u64>value);
}

function writeSlowly(p: usize, address: u32, bytes: u32, value: u64): void {
  if (crosses(address, bytes)) {
    // Nothing is stored before both pages can be written.
    translate(address, 1, p);
    translate(nextPage(address), 1, p);
    for (let i: u32 = 0; i < bytes; i++) {
      store<u8>(translate(address + i, 1, p), <u8>(value >> (i << 3)));
    }
    return;
  }
  const at = translate(address, 1, p);
  if (bytes == 1) store<u8>(at, <u8>value);
  else if (bytes == 2) store<u16>(at, <u16>value);
  else if (bytes == 4) store<u32>(at, <u32>value);
  else store<u64>(at, value);
}

/** Takes the faults of all pages from `address` on, at most two, before the access starts. */
export function probeRead(p: usize, address: u32, bytes: u32): void {
  if (hits(entry(TLB_READ, address), address, bytes)) return;
  translate(address, 0, p);
  if (crosses(address, bytes)) translate(nextPage(address), 0, p);
}

export function probeWrite(p: usize, address: u32, bytes: u32): void {
  if (hits(entry(TLB_WRITE, address), address, bytes)) return;
  translate(address, 1, p);
  if (crosses(address, bytes)) translate(nextPage(address), 1, p);
}

@inline
export function checkAligned(p: usize, address: u32, bytes: u32): void {
  if (address & (bytes - 1)) unaligned(address, p);
}

/** An access of several words, which the kernel completes if the processor does not. */
@inline
export function checkWords(p: usize, address: u32): void {
  if (address & 3 && load<u32>(STRICT)) unaligned(address, p);
}

/** LDM: the list of registers is the immediate, the first address N + the second word. */
export function ldm(p: usize): void {
  let list = imm(p);
  const bytes = popcnt<u32>(list) << 2;
  const base = getN(p);
  let address = base + second(p);
  checkWords(p, address);
  const at = entry(TLB_READ, address);
  if (hits(at, address, bytes) && !crosses(address, bytes)) {
    let from = <usize>(address + load<u32>(at, 4));
    writeBack(p, base, bytes);
    for (; list != 0; list &= list - 1) {
      store<u32>(<usize>(ctz<u32>(list) << 2), load<u32>(from), STATE);
      from += 4;
    }
    return;
  }
  probeRead(p, address, bytes);
  writeBack(p, base, bytes);
  for (; list != 0; list &= list - 1) {
    store<u32>(<usize>(ctz<u32>(list) << 2), read<u32>(p, address), STATE);
    address += 4;
  }
}

export function stm(p: usize): void {
  let list = imm(p);
  const bytes = popcnt<u32>(list) << 2;
  const base = getN(p);
  let address = base + second(p);
  checkWords(p, address);
  const at = entry(TLB_WRITE, address);
  if (hits(at, address, bytes) && !crosses(address, bytes)) {
    let to = <usize>(address + load<u32>(at, 4));
    for (; list != 0; list &= list - 1) {
      store<u32>(to, load<u32>(<usize>(ctz<u32>(list) << 2), STATE));
      to += 4;
    }
  } else {
    probeWrite(p, address, bytes);
    for (; list != 0; list &= list - 1) {
      write<u32>(p, address, load<u32>(<usize>(ctz<u32>(list) << 2), STATE));
      address += 4;
    }
  }
  writeBack(p, base, bytes);
}

@inline
function writeBack(p: usize, base: u32, bytes: u32): void {
  const how = aux(p);
  if (how == 1) setN(p, base + bytes);
  else if (how == 2) setN(p, base - bytes);
}
