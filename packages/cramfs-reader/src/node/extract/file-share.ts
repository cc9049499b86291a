import { bytesToName, nameToBytes } from 'cramfs-format';
import type { DialectName } from '../../dialects/names.js';
import type { CramfsImage } from '../../image.js';
import { makeInode } from '../../inode.js';
import { openAnyImage } from '../../open-any.js';
import type { Inode, WalkEntry } from '../../types.js';
import { sharedColumn, sharedWord, type Share } from '../threads/share.js';
import { nodeZlib } from '../zlib.js';
import { withCursor } from './directory-cursor.js';
import { isFatal, toProblem, type ExtractProblem } from './problems.js';
import type { TargetLocation } from './target-directory.js';
import { writeFile, type FileRules } from './write-file.js';

/**
 * Files to write. There may be many, with long paths, and every thread gets them, so they are bytes
 * instead of objects.
 */
export interface FileShare extends Share {
  /** By item: the number of files up to its end. */
  readonly ends: Uint32Array;
  /** By file: the image offset of its inode, and where its path ends. */
  readonly inodes: Uint32Array;
  readonly pathEnds: Uint32Array;
  readonly paths: Uint8Array;
}

/** The settings for threads that write files. */
export interface FileSettings {
  readonly blockSize: CramfsImage['blockSize'];
  readonly dialect: DialectName;
  readonly target: TargetLocation;
  readonly rules: FileRules;
}

/** The result of an item. */
export interface WriteResult {
  readonly written: number;
  /** Bytes of the files that were written. */
  readonly bytes: number;
  readonly problems: ExtractProblem[];
}

/** The size of an item in bytes, some 10 ms of work, or in files. */
const ITEM_BYTES = 2 ** 20;
const ITEM_FILES = 64;

/** Files with different paths, which selectEntries() has accepted, in directories that exist. */
export function fileShareOf(files: readonly WalkEntry[]): FileShare {
  const ends: number[] = [];
  let bytes = 0;
  let first = 0;
  for (const [index, { inode }] of files.entries()) {
    bytes += inode.size;
    const end = index + 1;
    if (bytes < ITEM_BYTES && end - first < ITEM_FILES && end < files.length) continue;
    ends.push(end);
    first = end;
    bytes = 0;
  }
  let length = 0;
  const pathEnds = files.map(({ path }) => (length += path.length));
  const paths = new Uint8Array(new SharedArrayBuffer(length));
  for (const [index, { path }] of files.entries()) {
    paths.set(nameToBytes(path), pathEnds[index]! - path.length);
  }
  return {
    items: ends.length,
    taken: sharedWord(),
    ends: sharedColumn(ends),
    inodes: sharedColumn(files.map(({ inode }) => inode.entryOffset)),
    pathEnds: sharedColumn(pathEnds),
    paths,
  };
}

/** Returns the files of an item: the number of the first, and the number after the last. */
export function filesOfItem({ ends }: FileShare, item: number): readonly [number, number] {
  return [item === 0 ? 0 : ends[item - 1]!, ends[item]!];
}

/** Writes the files of an item. Each is tried even if others fail, up to a fatal problem. */
export function writeItem(
  share: FileShare,
  item: number,
  image: CramfsImage,
  target: TargetLocation,
  rules: FileRules,
): WriteResult {
  const problems: ExtractProblem[] = [];
  let written = 0;
  let bytes = 0;
  withCursor(target, (cursor) => {
    const [from, to] = filesOfItem(share, item);
    for (let file = from; file < to; file += 1) {
      const path = pathOf(share, file);
      const inode = inodeAt(image, share.inodes[file]!);
      try {
        const damage = writeFile(image, path, inode, rules, cursor);
        if (damage !== undefined) problems.push(toProblem(damage, path));
        written += 1;
        bytes += inode.size;
      } catch (error) {
        const problem = toProblem(error, path);
        problems.push(problem);
        if (isFatal(problem)) break;
      }
    }
  });
  return { written, bytes, problems };
}

/** {@link writeItem} for threads. */
export async function writeShares(
  bytes: Uint8Array,
  { blockSize, dialect, target, rules }: FileSettings,
): Promise<(share: FileShare, item: number) => WriteResult> {
  const image = await openAnyImage(bytes, { blockSize, dialect, zlib: nodeZlib });
  return (share, item) => writeItem(share, item, image, target, rules);
}

function pathOf({ paths, pathEnds }: FileShare, file: number): string {
  const start = file === 0 ? 0 : pathEnds[file - 1]!;
  return bytesToName(paths.subarray(start, pathEnds[file]));
}

/** An inode that selectEntries() has found. */
function inodeAt({ dialect, view, endianness }: CramfsImage, at: number): Inode {
  return makeInode(dialect.inodes.decode(view, at, endianness), at);
}
