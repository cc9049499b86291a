import type { Encoding } from '../encoding.js';
import { DIFFERENT_LENGTH, SCALAR } from './different-length.js';
import { ELEMENTS } from './load-store.js';
import { SAME_LENGTH } from './same-length.js';
import { SHIFT_IMMEDIATE } from './shift-immediate.js';
import { TWO_REGISTERS } from './two-registers.js';

/** The Advanced SIMD instructions. In A32 they have no condition. */
export const NEON: readonly Encoding[] = [
  ...SAME_LENGTH,
  ...SHIFT_IMMEDIATE,
  ...TWO_REGISTERS,
  ...DIFFERENT_LENGTH,
  ...SCALAR,
  ...ELEMENTS,
];
