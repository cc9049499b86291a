import type { Encoding } from '../encoding.js';
import { ARITHMETIC } from './arithmetic.js';
import { CONVERT } from './convert.js';
import { TRANSFER } from './transfer.js';

/** VFPv4: with a condition in A32. */
export const VFP: readonly Encoding[] = [...ARITHMETIC, ...CONVERT, ...TRANSFER];

export { VFP_UNCONDITIONAL } from './convert.js';
