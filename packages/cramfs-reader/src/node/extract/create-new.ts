import { unlinkSync } from 'node:fs';
import { systemCode } from './problems.js';

/**
 * Runs `create`, which makes `path` and fails if something is there. With `force` what is there is
 * removed first (itself, if it is a symlink), unless it is a directory.
 */
export function createNew<T>(path: Buffer, force: boolean, create: () => T): T {
  try {
    return create();
  } catch (error) {
    if (!force || systemCode(error) !== 'EEXIST') throw error;
  }
  unlinkSync(path);
  return create();
}
