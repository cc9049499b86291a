/* Loads and stores through the tables of pages; what is not in them, TypeScript answers. */

import { PIECE, READ_TLB, WRITE_TLB } from '../../src/memory/layout';
import { entryOf, holds, placeIn } from '../memory/tlb';
import { second, getN, setN, imm, aux, STATE, STRICT } from './state';

/**
 * Returns the place of the byte at an address, after the faults of the access, and enters the piece into the
 * table, unless it has code and is to be stored to. Throws what ends the instruction.
 *
 * @param stored how many bytes are about to be stored there, code or not; 0: none, it is a load.
 */
// @ts-ignore: decorator
@external('processor', 'translate')
declare function translate(address: u32, stored: u32, operation: usize): usize;

/** Throws: an address that is not aligned for this instruction. */
// @ts-ignore: decorator
@external('processor', 'unaligned')
declare function unaligned(address: u32, operation: usize): void;

@inline
function crosses(address: u32, bytes: u32): bool {
  return (address & (PIECE - 1)) > <u32>PIECE - bytes;
}

/** The first address after the piece, where an access across its end faults. */
@inline
function nextPiece(address: u32): u32 {
  return (address & ~(PIECE - 1)) + PIECE;
}

@inline
export function read<T>(p: usize, address: u32): T {
  const entry = entryOf<u32>(READ_TLB, address);
  if (holds<u32>(entry, address, sizeof<T>())) return load<T>(<usize>placeIn<u32>(entry, address));
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
  const entry = entryOf<u32>(WRITE_TLB, address);
  if (holds<u32>(entry, address, sizeof<T>())) store<T>(<usize>placeIn<u32>(entry, address), value);
  else writeSlowly(p, address, sizeof<T>(), <u64>value);
}

function writeSlowly(p: usize, address: u32, bytes: u32, value: u64): void {
  if (crosses(address, bytes)) {
    // Nothing is stored before both pages can be written.
    translatePieces(p, address, bytes);
    for (let i: u32 = 0; i < bytes; i++) {
      store<u8>(translate(address + i, 1, p), <u8>(value >> (i << 3)));
    }
    return;
  }
  const at = translate(address, bytes, p);
  if (bytes == 1) store<u8>(at, <u8>value);
  else if (bytes == 2) store<u16>(at, <u16>value);
  else if (bytes == 4) store<u32>(at, <u32>value);
  else store<u64>(at, value);
}

function translatePieces(p: usize, address: u32, stored: u32): void {
  const next = nextPiece(address);
  translate(address, next - address, p);
  translate(next, stored - (next - address), p);
}

/** Takes the faults of all pages from `address` on, at most two, before the access starts. */
export function probeRead(p: usize, address: u32, bytes: u32): void {
  if (holds<u32>(entryOf<u32>(READ_TLB, address), address, bytes)) return;
  translate(address, 0, p);
  if (crosses(address, bytes)) translate(nextPiece(address), 0, p);
}

export function probeWrite(p: usize, address: u32, bytes: u32): void {
  if (holds<u32>(entryOf<u32>(WRITE_TLB, address), address, bytes)) return;
  if (crosses(address, bytes)) translatePieces(p, address, bytes);
  else translate(address, bytes, p);
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
  const entry = entryOf<u32>(READ_TLB, address);
  if (holds<u32>(entry, address, bytes)) {
    let from = <usize>placeIn<u32>(entry, address);
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
  const entry = entryOf<u32>(WRITE_TLB, address);
  if (holds<u32>(entry, address, bytes)) {
    let to = <usize>placeIn<u32>(entry, address);
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
