/* Branches: they end when the budget is used up, and find the operations of an address. */

import { codeEntryOf, findCode } from '../memory/tlb';
import {
  BUDGET,
  EXIT_OPERATION,
  EXIT_PC,
  carry,
  count,
  negative,
  notLess,
  imm,
  overflow,
  second,
  zero,
} from './state';

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

/*
 * BUDGET is the number of instructions that may be executed after the start of a line. Each
 * operation has the number of instructions of its line before it, wherever the line was entered.
 */

/** Enters a line at an operation. */
@inline
export function begin(p: usize): void {
  store<i32>(BUDGET, load<i32>(BUDGET) + count(p) - 1);
}

/**
 * Returns the operation that a branch within a piece goes to; 0: it is not known, or no more may be
 * executed.
 */
@inline
export function follow(p: usize): usize {
  const next = <usize>second(p);
  return go(load<i32>(BUDGET) - count(p), next != 0 ? next : link(p));
}

function link(p: usize): usize {
  const next = findCode<u32>(imm(p));
  store<u32>(p, <u32>next, 12);
  return next;
}

/**
 * Returns the operation at the target of an indirect branch, or of a branch to another page, or 0.
 */
@inline
export function enter(p: usize, target: u32): usize {
  const left = load<i32>(BUDGET) - count(p);
  return go(left, left < 0 ? 0 : <usize>findCode<u32>(target));
}

@inline
function go(left: i32, next: usize): usize {
  if (left < 0 || next == 0) {
    store<i32>(BUDGET, left);
    return 0;
  }
  store<i32>(BUDGET, left + count(next) - 1);
  return next;
}

/** Returns the operation for an instruction in two pieces; 0: it must be decoded. */
export function cross(p: usize): usize {
  const next = (load<u32>(p, 2) << 12) | 1;
  const entry = codeEntryOf<u32>(next);
  if (load<u32>(entry) != next || load<u32>(entry, 8) != imm(p)) return 0;
  store<i32>(BUDGET, load<i32>(BUDGET) - (count(p) - 1));
  return <usize>second(p);
}
