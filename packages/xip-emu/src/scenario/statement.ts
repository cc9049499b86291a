import type { Call } from './calls/call.js';
import type { MountOptions } from '../vfs/mount.js';
import type { MountKind } from './mounts.js';

/** Where a statement is in its text. */
export interface Line {
  /** Line number, from 1. */
  readonly n: number;
  /** The line without its comment. */
  readonly cmd: string;
}

/** Makes the machine: the first statement, except that `tune` may precede it. */
export interface MountStatement extends Line {
  readonly op: 'mount';
  readonly kind: MountKind;
  /** Name of the archive, for the kinds that take one. */
  readonly file: string | undefined;
  /** Options of the mount that relative paths start in. */
  readonly options: MountOptions | undefined;
}

/** Sets fault_around_bytes, before or after the mount. */
export interface TuneStatement extends Line {
  readonly op: 'tune';
  readonly bytes: number;
}

/** Makes a child process, which performs the statements up to its `end`; its parent waits. */
export interface ForkStatement extends Line {
  readonly op: 'fork';
}

/** The child of the innermost `fork` exits, and its parent goes on. */
export interface EndStatement extends Line {
  readonly op: 'end';
}

/** Another live process performs the statements from here on. */
export interface SwitchStatement extends Line {
  readonly op: 'switch';
  /** As in the field `p` of records. */
  readonly process: number;
}

/** Runs a program in a child process. */
export interface ExecStatement extends Line {
  readonly op: 'exec';
  readonly path: string;
}

/** A system call, an access or a report, from the tables in calls/. */
export interface CallStatement extends Line {
  readonly op: 'call';
  /** The first word of the line, which is the `op` of its record. */
  readonly word: string;
  readonly perform: Call;
}

/** One statement of a scenario. */
export type Statement =
  | MountStatement
  | TuneStatement
  | ForkStatement
  | EndStatement
  | SwitchStatement
  | ExecStatement
  | CallStatement;
