import { closeSync, constants } from 'node:fs';
import { PATH_MAX } from '../../walk.js';
import { TargetError } from './problems.js';
import {
  HOLD,
  openDirectory,
  pathOfDescriptor,
  type TargetLocation,
  type TargetPath,
} from './target-directory.js';

interface OpenDirectory {
  readonly name: string;
  readonly fd: number;
}

/** The most descriptors that a cursor has open: directories may be nested 2,000 deep. */
const MAX_HELD = 32;

/**
 * Goes from directory to directory of a target, and gives paths that lead into them. It holds each directory
 * from the target down open, opened in its parent and not through a symlink; the paths start at the
 * descriptor: `/proc/self/fd/12/name`. Replacing a directory with a symlink meanwhile changes where a name
 * leads, but not where these paths lead.
 *
 * If the system has no such paths, they are names that start at the target's real path, and safe as long as
 * nobody else changes the target.
 */
export class DirectoryCursor {
  private readonly location: TargetLocation;
  /** The path of the target, if it is held open. */
  private readonly start: string;
  /** Path in the image of the directory that the cursor is in; none if it did not get there. */
  private current: string | undefined = '';
  /** What leads to it, from the target down. */
  private readonly open: OpenDirectory[] = [];
  /** How many of these, from the first on, have been closed again. */
  private closed = 0;

  constructor(location: TargetLocation) {
    this.location = location;
    this.start = Buffer.from(location.path).toString('latin1');
  }

  /**
   * @param path of an entry in the image, a byte string that selectEntries() has let pass.
   * @returns where to make it, or to find it; good until the next call.
   * @throws TargetError if its directory is not one any more, or if nobody could use the file's whole
   * path; or the system's error.
   */
  pathTo(path: string): TargetPath {
    const { path: target, isHeld, nameLength } = this.location;
    // The path of a descriptor itself is a symlink, which callers do not follow: append `/.`.
    if (path === '/') return Buffer.concat([target, Buffer.from('/.')]);
    if (!isHeld) return Buffer.concat([target, Buffer.from(path, 'latin1')]);
    if (nameLength + path.length >= PATH_MAX) {
      throw new TargetError('ENAMETOOLONG', 'ENAMETOOLONG: name too long');
    }
    const slash = path.lastIndexOf('/');
    this.enter(path.slice(0, slash));
    return this.pathOf(path.slice(slash));
  }

  close(): void {
    this.leave(0);
  }

  private enter(directory: string): void {
    if (directory === this.current) return;
    this.current = undefined;
    const names = directory.split('/').slice(1);
    let common = 0;
    while (common < names.length && this.open[common]?.name === names[common]) common += 1;
    // A directory is opened in its parent. If that has been closed, start over.
    this.leave(common > this.closed ? common : 0);
    for (const name of names.slice(this.open.length)) this.descend(name);
    this.current = directory;
  }

  private leave(depth: number): void {
    for (const { fd } of this.open.slice(Math.max(depth, this.closed))) closeSync(fd);
    this.open.length = depth;
    if (depth === 0) this.closed = 0;
  }

  private descend(name: string): void {
    this.open.push({
      name,
      fd: openDirectory(this.pathOf(`/${name}`), HOLD | constants.O_DIRECTORY),
    });
    if (this.open.length - this.closed <= MAX_HELD) return;
    closeSync(this.open[this.closed]!.fd);
    this.closed += 1;
  }

  /** @param tail a slash and the name of something in the directory that was opened last. */
  private pathOf(tail: string): TargetPath {
    const last = this.open[this.open.length - 1];
    const path = last === undefined ? this.start : pathOfDescriptor(last.fd);
    return isAscii(tail) ? path + tail : Buffer.from(path + tail, 'latin1');
  }
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0x7f) return false;
  }
  return true;
}

/** Calls `use` with a cursor, and closes it. */
export function withCursor<T>(location: TargetLocation, use: (cursor: DirectoryCursor) => T): T {
  const cursor = new DirectoryCursor(location);
  try {
    return use(cursor);
  } finally {
    cursor.close();
  }
}
