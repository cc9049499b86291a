/*
 * Advanced SIMD loads and stores of structures of 1 to 4 elements, each of which has a register of
 * its own. The second word has the number of elements (bits 0 to 3), the distance of their
 * registers (4 to 7), the number of registers or the lane (8 to 11), and the alignment as a power
 * of two (12 to 15). The immediate is 1 if N advances by the bytes accessed, 2 if by register M.
 */

import * as op from '../../src/arm/operations';
import { checkAligned, probeRead, probeWrite, read, write } from './memory';
import { sizeOf, vectorD } from './neon-registers';
import { getM, getN, imm, second, setN } from './state';

function transfer(p: usize, isLoad: bool, address: u32, at: usize, size: u32): void {
  switch (size) {
    case 0:
      if (isLoad) store<u8>(at, read<u8>(p, address));
      else write<u8>(p, address, load<u8>(at));
      break;
    case 1:
      if (isLoad) store<u16>(at, read<u16>(p, address));
      else write<u16>(p, address, load<u16>(at));
      break;
    case 2:
      if (isLoad) store<u32>(at, read<u32>(p, address));
      else write<u32>(p, address, load<u32>(at));
      break;
    default:
      if (isLoad) store<u64>(at, read<u64>(p, address));
      else write<u64>(p, address, load<u64>(at));
  }
}

export function elements(p: usize, number: i32): void {
  const size = sizeOf(p);
  const how = second(p);
  const count = how & 15;
  const distance = ((how >> 4) & 15) << 3;
  const field = (how >> 8) & 15;
  const address = getN(p);
  const isMultiple = number == op.VLD_MULTIPLE || number == op.VST_MULTIPLE;
  const isLoad = number != op.VST_MULTIPLE && number != op.VST_LANE;
  const bytes = isMultiple ? (count * field) << 3 : count << size;
  checkAligned(p, address, 1 << (how >> 12));
  if (isLoad) probeRead(p, address, bytes);
  else probeWrite(p, address, bytes);
  if (isMultiple) multiple(p, isLoad, address, size, count, distance, field);
  else if (number == op.VLD_ALL) all(p, address, size, count, distance, field);
  else {
    for (let i: u32 = 0; i < count; i++) {
      const at = vectorD(p) + i * distance + (field << size);
      transfer(p, isLoad, address + (i << size), at, size);
    }
  }
  if (imm(p) == 1) setN(p, address + bytes);
  else if (imm(p) == 2) setN(p, address + getM(p));
}

function multiple(
  p: usize,
  isLoad: bool,
  from: u32,
  size: u32,
  count: u32,
  distance: u32,
  registers: u32,
): void {
  let address = from;
  for (let r: u32 = 0; r < registers; r++) {
    for (let e: u32 = 0; e < 8; e += 1 << size) {
      for (let i: u32 = 0; i < count; i++) {
        transfer(p, isLoad, address, vectorD(p) + i * distance + (r << 3) + e, size);
        address += 1 << size;
      }
    }
  }
}

/** Loads one structure to all lanes; VLD1 may do so in two registers. */
function all(p: usize, address: u32, size: u32, count: u32, distance: u32, registers: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    for (let r: u32 = 0; r < registers; r++) {
      for (let e: u32 = 0; e < 8; e += 1 << size) {
        const at = vectorD(p) + i * distance + (r << 3) + e;
        transfer(p, true, address + (i << size), at, size);
      }
    }
  }
}
