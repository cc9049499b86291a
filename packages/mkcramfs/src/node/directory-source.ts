import {
  accessSync,
  constants,
  lstatSync,
  readdirSync,
  readlinkSync,
  statSync,
  type BigIntStats,
} from 'node:fs';
import { CramfsError, S_IFMT, bytesToName, fileType, type DeviceNumber } from 'cramfs-format';
import type { PathMatcher } from 'cramfs-reader';
import {
  joinPath,
  type DirectoryEntry,
  type FileEntry,
  type Problem,
  type TreeEntry,
} from '../tree.js';
import { readFakedTree, statFaker, type FakedStatus } from './faked-stat.js';
import { SourceReader, fileIdentity } from './source-file.js';
import { systemReason } from 'cramfs-archive/node';

export interface DirectorySourceOptions {
  /** Called with every problem; if none is an error, the tree is complete. */
  readonly onProblem: (problem: Problem) => void;
  /** Paths in the tree to leave out, with everything below them. */
  readonly exclude?: PathMatcher;
  /** Leave out what cannot be read, with a warning instead of an error. */
  readonly skipUnreadable?: boolean;
  /** Called with the size of each file as it is found. */
  readonly onFile?: (bytes: number) => void;
  /** The file about to be replaced, which must not be in the tree. */
  readonly output?: FileId;
}

/**
 * Reads the tree below a directory. Types, modes, owners and device numbers come from stat(2);
 * the files are read later, when the builder asks for them, and must not have changed until then.
 * Names of a hard link become files of their own, with one read function. Symbolic links are taken as
 * they are, except that `path` itself may be one.
 *
 * Under fakeroot and pseudo types, modes, owners and device numbers are those that they fake.
 *
 * Checks here whether files can be read, so that all unreadable ones are known at once; for root, who ignores
 * modes, only reading them tells.
 *
 * @param path on this machine.
 * @throws CramfsError BAD_SOURCE if `path` is not a directory, BAD_REQUEST if `output` is in it.
 */
export function readDirectorySource(path: string, options: DirectorySourceOptions): DirectoryEntry {
  const host = Buffer.from(path);
  let stats: BigIntStats;
  try {
    stats = statSync(host, { bigint: true });
  } catch (cause) {
    throw badRoot(host, `cannot be read: ${systemReason(cause)}`, cause);
  }
  if (!stats.isDirectory()) throw badRoot(host, 'not a directory');
  const faker = statFaker();
  const faked = faker === undefined ? undefined : readFakedTree(path, faker);
  return new DirectoryScan(options, faked).scan(host, stats);
}

/** Identifies a file on this machine, whatever its path. */
export type FileId = Pick<BigIntStats, 'dev' | 'ino'>;

/** @returns undefined if there is no such file. */
export function fileId(path: string): FileId | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : { dev: stats.dev, ino: stats.ino };
}

/** False if one of them does not exist. */
export function isSameFile(a: FileId | undefined, b: FileId | undefined): boolean {
  return a !== undefined && a.ino === b?.ino && a.dev === b.dev;
}

function badRoot(host: Buffer, message: string, cause?: unknown): CramfsError {
  return new CramfsError('BAD_SOURCE', message, { path: bytesToName(host), cause });
}

/** A directory whose names have not been read. */
interface PendingDirectory {
  /** Byte string. */
  readonly host: string;
  readonly path: string;
  readonly entry: DirectoryEntry;
  /** Takes the directory out of the tree again; the root has nothing to be taken out of. */
  readonly remove: () => void;
}

/** What is stored of a stat(2). */
interface Attributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: DeviceNumber;
}

const NO_DEVICE: DeviceNumber = { major: 0, minor: 0 };

/** The path on this machine that a byte string stands for. */
function hostPath(name: string): Buffer {
  return Buffer.from(name, 'latin1');
}

class DirectoryScan {
  private readonly options: DirectorySourceOptions;
  /** What to use in place of the answers of stat(2); undefined: those answers. */
  private readonly faked: ReadonlyMap<string, FakedStatus> | undefined;
  private readonly reader = new SourceReader();
  /** Root may read everything; a faked root may not. */
  private readonly readsAll: boolean;
  /** The read function of every file that has more than one name. */
  private readonly linked = new Map<string, FileEntry['read']>();
  private readonly pending: PendingDirectory[] = [];

  constructor(
    options: DirectorySourceOptions,
    faked: ReadonlyMap<string, FakedStatus> | undefined,
  ) {
    this.options = options;
    this.faked = faked;
    this.readsAll = faked === undefined && process.geteuid?.() === 0;
  }

  scan(host: Buffer, stats: BigIntStats): DirectoryEntry {
    const root = directoryEntry(this.attributes('/', stats));
    this.pending.push({ host: bytesToName(host), path: '/', entry: root, remove: () => undefined });
    // Depth first, so that few directories are pending and problems are reported in the order of
    // the tree.
    for (let next = this.pending.pop(); next !== undefined; next = this.pending.pop()) {
      this.readDirectory(next);
    }
    return root;
  }

  private readDirectory({ host, path, entry, remove }: PendingDirectory): void {
    let names: string[];
    try {
      // A byte string, for which a name needs no memory outside the heap.
      names = readdirSync(hostPath(host), { encoding: 'latin1' });
    } catch (error) {
      this.unreadable(path, error);
      remove();
      return;
    }
    names.sort();
    const directories: PendingDirectory[] = [];
    for (const name of names) {
      const childPath = joinPath(path, name);
      if (this.options.exclude?.(childPath) === true) continue;
      const childHost = `${host}/${name}`;
      const child = this.readEntry(childHost, childPath);
      if (child === undefined) continue;
      entry.children.set(name, child);
      if (child.type === 'directory') {
        const removeChild = (): void => {
          entry.children.delete(name);
        };
        directories.push({ host: childHost, path: childPath, entry: child, remove: removeChild });
      }
    }
    this.pending.push(...directories.reverse());
  }

  private readEntry(host: string, path: string): TreeEntry | undefined {
    try {
      const stats = lstatSync(hostPath(host), { bigint: true });
      if (isSameFile(this.options.output, stats)) {
        const message = 'the image would replace one of its inputs: exclude it, or write elsewhere';
        throw new CramfsError('BAD_REQUEST', message, { path });
      }
      return this.makeEntry(host, path, stats);
    } catch (error) {
      if (error instanceof CramfsError) throw error;
      this.unreadable(path, error);
      return undefined;
    }
  }

  private makeEntry(host: string, path: string, stats: BigIntStats): TreeEntry {
    const { mode, uid, gid, rdev } = this.attributes(path, stats);
    const type = fileType(mode);
    switch (type) {
      case 'file': {
        if (!this.readsAll) accessSync(hostPath(host), constants.R_OK);
        const place = { host, path, seen: fileIdentity(stats) };
        const link = stats.nlink > 1n ? `${stats.dev}:${stats.ino}` : undefined;
        let read = link === undefined ? undefined : this.linked.get(link);
        read ??= (): Uint8Array => this.reader.read(place);
        if (link !== undefined) this.linked.set(link, read);
        const size = Number(stats.size);
        this.options.onFile?.(size);
        return { mode, uid, gid, type, size, read, place };
      }
      case 'directory':
        return directoryEntry({ mode, uid, gid });
      case 'symlink': {
        const target = readlinkSync(hostPath(host), { encoding: 'latin1' });
        return { mode, uid, gid, type, target };
      }
      case 'char-device':
      case 'block-device':
        return { mode, uid, gid, type, rdev };
      case 'fifo':
      case 'socket':
        return { mode, uid, gid, type };
      case undefined:
        throw new CramfsError('BAD_SOURCE', `unknown file type 0${(mode & S_IFMT).toString(8)}`);
    }
  }

  /** @throws CramfsError if the faked attributes are not about the file found there. */
  private attributes(path: string, stats: BigIntStats): Attributes {
    const real = {
      mode: Number(stats.mode),
      uid: Number(stats.uid),
      gid: Number(stats.gid),
      rdev: stats.rdev === 0n ? NO_DEVICE : decodeRdev(stats.rdev),
    };
    if (this.faked === undefined) return real;
    const faked = this.faked.get(path);
    if (faked?.ino !== stats.ino || faked.ctimeNs !== stats.ctimeNs) {
      throw new CramfsError('BAD_SOURCE', 'changed while it was read', { path });
    }
    const { mode, uid, gid, rdev } = faked;
    // Only device nodes differ on the disk: fakeroot has empty files for them.
    const type = fileType(mode);
    const isThere = type === 'file' || type === 'directory' || type === 'symlink';
    if (isThere && type !== fileType(real.mode)) {
      throw new CramfsError('BAD_SOURCE', `a ${type} only to the tool that fakes it`, { path });
    }
    return { mode, uid, gid, rdev };
  }

  private unreadable(path: string, error: unknown): void {
    const { skipUnreadable = false, onProblem } = this.options;
    const reason = `cannot be read: ${systemReason(error)}`;
    onProblem(
      skipUnreadable
        ? { severity: 'warning', kind: 'unreadable', path, message: `left out: ${reason}` }
        : { severity: 'error', kind: 'unreadable', path, message: reason },
    );
  }
}

function directoryEntry({ mode, uid, gid }: Omit<Attributes, 'rdev'>): DirectoryEntry {
  return { mode, uid, gid, type: 'directory', children: new Map() };
}

/** The C library's encoding of device numbers, see gnu_dev_major(3): each in two pieces. */
export function decodeRdev(rdev: bigint): DeviceNumber {
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n)),
  };
}
