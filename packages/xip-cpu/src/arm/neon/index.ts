import type { Encoding } from '../encoding.js';

export const NEON: readonly Encoding[] = [];
