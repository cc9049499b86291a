import type { ParseCall } from './call.js';
import { FILE_CALLS } from './files.js';
import { MEMORY_CALLS } from './memory.js';
import { NAME_CALLS } from './names.js';
import { REPORT_CALLS } from './reports.js';

/**
 * The words that a statement can begin with, but for those that the parser knows itself (`mount`,
 * `tune`, `fork`, `end`, `exec`).
 */
export const CALLS: ReadonlyMap<string, ParseCall> = new Map(
  Object.entries({ ...FILE_CALLS, ...NAME_CALLS, ...MEMORY_CALLS, ...REPORT_CALLS }),
);
