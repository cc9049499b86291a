import { flash } from './flash.js';
import { shell } from './shell.js';

/** All that the page says: a table for each view. What the packages say of an image is theirs. */
export const STRINGS = { shell, flash } as const;
