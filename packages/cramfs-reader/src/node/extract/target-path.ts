import { mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from './problems.js';

const SLASH = 0x2f;

/** The directory that an image is extracted to. */
export class TargetDirectory {
  /** Absolute, without symlinks: only what the user named himself is ever followed. */
  private readonly root: Buffer;
  /** True if the directory was made now, or was empty: then it is as the image's root says. */
  readonly isFresh: boolean;

  /** @throws the system's error if it cannot be made or read. */
  constructor(path: string) {
    const made = makeDirectories(path);
    this.root = realpathSync.native(path, 'buffer');
    this.isFresh = made || readdirSync(this.root).length === 0;
  }

  /** @param path of an entry in the image, a byte string that selectEntries() has let pass. */
  resolve(path: string): Buffer {
    if (path === '/') return this.root;
    const tail = Buffer.from(path, 'latin1');
    return this.root.at(-1) === SLASH
      ? Buffer.concat([this.root, tail.subarray(1)])
      : Buffer.concat([this.root, tail]);
  }
}

/**
 * Makes a directory and its parents. Not by mkdirSync() with `recursive`, which in Node.js 20 never
 * returns for a path in a file system such as /proc.
 *
 * @returns false if it was there.
 * @throws the system's error.
 */
function makeDirectories(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    const code = systemCode(error);
    // If it is something else than a directory, reading it will tell.
    if (code === 'EEXIST') return false;
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path) throw error;
    // What is missing is the parent; otherwise the system does not want this directory.
    if (!makeDirectories(parent)) throw error;
  }
  mkdirSync(path);
  return true;
}
