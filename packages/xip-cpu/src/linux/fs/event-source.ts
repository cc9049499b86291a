import { S_IFIFO } from 'cramfs-format';
import { OpenFile, fifoStateOf, type FileOperations } from 'xip-emu';
import type { LinuxKernel } from '../kernel/kernel.js';

/** What a file without a file system keeps, for those that wait for its events. */
export interface EventSource {
  /** How often whoever waits for it was woken up. */
  readonly wakeups: number;
  /** When it will become ready by itself, in nanoseconds of the monotonic clock. */
  readonly due: number | undefined;
}

function isEventSource(value: unknown): value is EventSource {
  return value instanceof Object && 'wakeups' in value && 'due' in value;
}

export interface EventFileOptions {
  /** As in `anon_inode:[NAME]`. */
  readonly name: string;
  readonly source: EventSource;
  readonly fops: FileOperations;
  readonly nonBlock: boolean;
}

/** Opens a file that has events and nothing else. Compare fs/anon_inodes.c:anon_inode_getfile(). */
export function eventFile(
  { pipes }: LinuxKernel,
  { name, source, fops, nonBlock }: EventFileOptions,
): OpenFile {
  const inode = pipes.newInode(S_IFIFO | 0o600);
  const file = new OpenFile(inode, `anon_inode:[${name}]`, {
    ...{ readable: true, writable: true, nonBlock, fops },
  });
  file.privateData = source;
  return file;
}

/** Returns how often a file has woken up those that wait for it; undefined if it does not count. */
export function wakeupsOf(file: OpenFile): number | undefined {
  const { privateData } = file;
  return isEventSource(privateData) ? privateData.wakeups : fifoStateOf(file)?.wakeups;
}

/** Returns when the first of some files will become ready by itself. */
export function dueOf(files: readonly OpenFile[]): number | undefined {
  const dues = files.flatMap(({ privateData }) =>
    isEventSource(privateData) ? (privateData.due ?? []) : [],
  );
  return dues.length === 0 ? undefined : Math.min(...dues);
}
