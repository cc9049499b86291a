import type { Encoding } from '../encoding.js';
import { ARITHMETIC } from './arithmetic.js';
import { CONVERT } from './convert.js';
import { TRANSFER } from './transfer.js';

/** The VFPv4 instructions. In A32 they have a condition. */
export const VFP: readonly Encoding[] = [...ARITHMETIC, ...CONVERT, ...TRANSFER];

export { VFP_UNCONDITIONAL } from './convert.js';
