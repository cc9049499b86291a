import { ALLOWANCES } from 'mkcramfs';
import type { Leave } from './request.js';

/** What --allow takes. */
export const LEAVES: readonly Leave[] = [...ALLOWANCES, 'skip-unreadable'];
