/* Branches: they end when the budget is used up, and find the operations of an address. */

import {
  BUDGET,
  EXIT_OPERATION,
  EXIT_PC,
  TLB_FETCH,
  carry,
  count,
  negative,
  notLess,
  overflow,
  zero,
} from './state';

/** Returns the first operation at an address with the Thumb bit, or 0. */
@inline
function find(pc: u32): usize {
  const at = TLB_FETCH + <usize>((pc >> 9) & 0x7f8);
  if (load<u32>(at) != (pc & 0xfffff001)) return 0;
  return <usize>load<u32>(<usize>(load<u32>(at, 4) + ((pc & 0xffe) << 1)));
}

@inline
export function leave(p: usize, pc: u32, reason: i32): i32 {
  store<u32>(EXIT_OPERATION, <u32>p);
  store<u32>(EXIT_PC, pc);
  return reason;
}

@inline
export function condition(c: i32): bool {
  switch (c) {
    case 0:
      return zero();
    case 1:
      return !zero();
    case 2:
      return carry() != 0;
    case 3:
      return carry() == 0;
    case 4:
      return negative();
    case 5:
      return !negative();
    case 6:
      return overflow();
    case 7:
      return !overflow();
    case 8:
      return carry() != 0 && !zero();
    case 9:
      return carry() == 0 || zero();
    case 10:
      return notLess();
    case 11:
      return !notLess();
    case 12:
      return !zero() && notLess();
    default:
      return zero() || !notLess();
  }
}

/** Counts the instructions up to a branch. Returns true if more may be executed. */
@inline
export function spend(p: usize): bool {
  const left = load<i32>(BUDGET) - count(p);
  store<i32>(BUDGET, left);
  return left >= 0;
}

/**
 * Returns the operation at the target of an indirect branch, or of a branch to another page, or 0.
 */
@inline
export function enter(p: usize, target: u32): usize {
  return spend(p) ? find(target) : 0;
}
