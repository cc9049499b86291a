import type { ParseCall } from './call.js';
import { BLOCK_CALLS } from './blocks.js';
import { FILE_CALLS } from './files.js';
import { MEMORY_CALLS } from './memory.js';
import { NAME_CALLS } from './names.js';
import { POSITION_CALLS } from './positions.js';
import { REPORT_CALLS } from './reports.js';

/**
 * The words that a statement can begin with, except those that the parser knows itself (`mount`,
 * `tune`, `fork`, `end`, `switch`, `exec`).
 */
export const CALLS: ReadonlyMap<string, ParseCall> = new Map(
  Object.entries({
    ...FILE_CALLS,
    ...POSITION_CALLS,
    ...BLOCK_CALLS,
    ...NAME_CALLS,
    ...MEMORY_CALLS,
    ...REPORT_CALLS,
  }),
);
