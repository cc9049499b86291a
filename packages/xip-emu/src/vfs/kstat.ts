import type { DeviceNumber } from './device.js';

/** struct kstat: what stat(2) tells. */
export interface Kstat {
  readonly dev: DeviceNumber;
  readonly ino: number;
  /** Type and permissions. */
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  /** Device number of a device node; otherwise 0:0. */
  readonly rdev: DeviceNumber;
  /** Bytes. */
  readonly size: number;
  /** The preferred size for reads and writes, in bytes. */
  readonly blksize: number;
  /** Stored, in units of 512 bytes. */
  readonly blocks: number;
  /** Seconds on the machine's clock; see {@link Clock}. */
  readonly atime: number;
  readonly mtime: number;
  readonly ctime: number;
}

/** struct iattr: what a `setattr` changes. The size has an operation of its own. */
export interface Iattr {
  /** Permissions, without the type. */
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly atime?: number | undefined;
  readonly mtime?: number | undefined;
}

/**
 * The clock of a machine. It counts changes instead of seconds: each change to an inode takes one
 * second, and nothing else takes any time. So times are the same in each run, and show the order of
 * changes.
 */
export class Clock {
  private seconds = 0;

  /** current_time(): the next second. */
  now(): number {
    this.seconds += 1;
    return this.seconds;
  }
}
