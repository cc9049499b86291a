import { dataOffset, fileType, nameFieldLength, type Endianness } from 'cramfs-format';
import type { InodeFormat } from '../dialects/dialect.js';

/** Entries of consecutive directories, with nothing to tell where one ends. */
export interface EntryRun {
  readonly offset: number;
  /** Ends where the first entry leads to, which is the end of the first directory, or of its last entry. */
  readonly size: number;
  readonly entries: number;
}

/** The number of entries that makes a directory more than a coincidence. */
const LEAST_ENTRIES = 2;
const MAX_PADDING = 3;

/**
 * The directory at `offset`, if there is one that makes sense: entries with names and types, at least one of
 * which leads to a place after it. It ends at the first place that its entries lead to, or where they make no
 * sense.
 */
export function directoryAt(
  view: DataView,
  offset: number,
  endianness: Endianness,
  inodes: InodeFormat,
): EntryRun | undefined {
  return parseRun(view, offset, endianness, inodes).run;
}

/** The first such directory that starts at or after `from` and before `to`. */
export function findDirectory(
  view: DataView,
  { from, to }: { readonly from: number; readonly to: number },
  endianness: Endianness,
  inodes: InodeFormat,
): EntryRun | undefined {
  for (let at = from; at < to;) {
    const { run, next } = parseRun(view, at, endianness, inodes);
    if (run !== undefined) return run;
    at = next;
  }
  return undefined;
}

/** @returns the directory at `offset`, or the place where the next one can be. */
function parseRun(
  view: DataView,
  offset: number,
  endianness: Endianness,
  inodes: InodeFormat,
): { readonly run: EntryRun | undefined; readonly next: number } {
  const limit = view.byteLength;
  if (!canBeInode(view, offset, endianness)) return { run: undefined, next: offset + 4 };
  let end = limit;
  let at = offset;
  let entries = 0;
  let leads = false;
  while (at + inodes.size < end) {
    const inode = inodes.decode(view, at, endianness);
    const next = at + inodes.size + nameFieldLength(inode);
    if (inode.namelen === 0 || next > end || fileType(inode.mode) === undefined) break;
    if (!isName(view, at + inodes.size, next)) break;
    const start = dataOffset(inode);
    if (start !== 0) {
      if (start <= offset || start >= limit) break;
      leads = true;
      // A directory is followed by the directories in it, or by the data of its files.
      end = Math.min(end, start);
    }
    entries += 1;
    at = next;
  }
  // If these entries lead nowhere, no later one starts a directory either.
  if (!leads) return { run: undefined, next: Math.max(at, offset + 4) };
  if (entries < LEAST_ENTRIES || at > end) return { run: undefined, next: offset + 4 };
  return { run: { offset, size: at - offset, entries }, next: at };
}

/** One byte, with the type of a file, rules out most places. */
function canBeInode(view: DataView, offset: number, endianness: Endianness): boolean {
  const at = offset + (endianness === 'little' ? 1 : 0);
  return at < view.byteLength && fileType((view.getUint8(at) & 0xf0) << 8) !== undefined;
}

/** True if a directory of known size consists of entries with names and types, to its last byte. */
export function isDirectory(view: DataView, endianness: Endianness, inodes: InodeFormat): boolean {
  let at = 0;
  while (at + inodes.size < view.byteLength) {
    const inode = inodes.decode(view, at, endianness);
    const next = at + inodes.size + nameFieldLength(inode);
    if (inode.namelen === 0 || next > view.byteLength) return false;
    if (fileType(inode.mode) === undefined || !isName(view, at + inodes.size, next)) return false;
    at = next;
  }
  return at === view.byteLength;
}

/** Bytes other than control characters and slashes, with at most three of padding. */
function isName(view: DataView, start: number, end: number): boolean {
  let last = end;
  while (last > start && view.getUint8(last - 1) === 0) last -= 1;
  if (last === start || end - last > MAX_PADDING) return false;
  for (let at = start; at < last; at += 1) {
    const byte = view.getUint8(at);
    if (byte < 0x20 || byte === 0x2f || byte === 0x7f) return false;
  }
  return true;
}
