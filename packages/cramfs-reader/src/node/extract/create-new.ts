import { unlinkSync } from 'node:fs';
import { systemCode } from './problems.js';
import type { TargetPath } from './target-directory.js';

/**
 * Runs `create`, which makes `path` and fails if something is there. With `force` an existing file is removed
 * first (the symlink itself, if it is one), unless it is a directory.
 */
export function createNew<T>(path: TargetPath, force: boolean, create: () => T): T {
  try {
    return create();
  } catch (error) {
    if (!force || systemCode(error) !== 'EEXIST') throw error;
  }
  unlinkSync(path);
  return create();
}
