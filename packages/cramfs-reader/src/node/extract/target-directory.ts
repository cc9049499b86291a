import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { systemCode, targetChanged } from './problems.js';

/** Where an extraction goes, in a form that threads can pass on. */
export interface TargetLocation {
  /** Path of the directory: its descriptor in /proc if that is held open, else its real path. */
  readonly path: Uint8Array;
  /** True if every directory can be held open: see DirectoryCursor. */
  readonly isHeld: boolean;
  /** Bytes of the real path. */
  readonly nameLength: number;
}

/**
 * The path of an entry in the target, for functions of node:fs. It is a string if it is ASCII:
 * Node.js takes those in half the time.
 */
export type TargetPath = string | Buffer;

/**
 * Names a directory or file without access to it; not in Node's constants. All platforms that
 * Node.js runs on have asm-generic/fcntl.h's value.
 */
const O_PATH = 0o10000000;

/** For openSync(): holds what a path leads to, and opens neither it nor a symlink in its place. */
export const HOLD = O_PATH | constants.O_NOFOLLOW;

/** The path for an open descriptor of this process, on any of its threads. */
export function pathOfDescriptor(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** The directory that an image is extracted to; stays open until {@link close}. */
export class TargetDirectory {
  readonly location: TargetLocation;
  /** True if the directory is new or was empty: then it gets the attributes of the image's root. */
  readonly isFresh: boolean;
  private readonly fd: number | undefined;

  /** @throws the system's error if it cannot be made or read. */
  constructor(path: string) {
    const made = makeDirectories(path);
    this.isFresh = readdirSync(path).length === 0 || made;
    this.fd = holdDirectory(path);
    const realPath = realpathSync.native(path, 'buffer');
    const held = this.fd === undefined ? undefined : Buffer.from(pathOfDescriptor(this.fd));
    this.location = {
      path: held ?? realPath,
      isHeld: held !== undefined,
      nameLength: realPath.length,
    };
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
  }
}

/**
 * Opens a directory that the user named: symlinks that lead to it are followed.
 *
 * @returns undefined if this system has no paths of open directories.
 */
function holdDirectory(path: string): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const fd = openSync(path, O_PATH | constants.O_DIRECTORY);
  const { dev, ino } = fstatSync(fd, { bigint: true });
  const found = statSync(`${pathOfDescriptor(fd)}/.`, { bigint: true, throwIfNoEntry: false });
  if (found?.ino === ino && found.dev === dev) return fd;
  closeSync(fd);
  return undefined;
}

/**
 * Opens a directory of the target, which an earlier step has made or found.
 *
 * @throws TargetError if it is no longer there, or the system's error.
 */
export function openDirectory(path: TargetPath, flags: number): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOTDIR' || code === 'ENOENT' || code === 'ELOOP') throw targetChanged(error);
    throw error;
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
    // If it is not a directory, reading it will fail.
    if (code === 'EEXIST') return false;
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path) throw error;
    // The parent is missing; if it is not, the system refuses this directory.
    if (!makeDirectories(parent)) throw error;
  }
  mkdirSync(path);
  return true;
}
