import {
  CRAMFS_GID_WIDTH,
  CRAMFS_MAXPATHLEN,
  CRAMFS_MAX_FILE_SIZE,
  CRAMFS_SIZE_WIDTH,
  CRAMFS_UID_WIDTH,
  S_IFMT,
  directoryEntrySize,
  nameToText,
  oldDecodeDev,
  oldEncodeDev,
  oldValidDev,
  truncateName,
  typeBits,
  fileTypeName,
} from 'cramfs-format';
import {
  joinPath,
  sortedNames,
  type DeviceEntry,
  type DirectoryEntry,
  type FileEntry,
  type Problem,
  type ProblemKind,
  type TreeEntry,
} from './tree.js';
import { walkTree } from './walk.js';

/** What a user may allow to happen to entries that cramfs cannot hold as they are. */
export const ALLOWANCES = [
  /** Cut names longer than 252 bytes, at a character boundary. */
  'truncate-names',
  /** Keep the first 16777215 bytes of larger files. */
  'truncate-files',
  /** Keep the low 16 bits of user ids and the low 8 bits of group ids. */
  'truncate-ids',
  /** Keep the low 8 bits of major and minor device numbers. */
  'truncate-devices',
  /** Leave files larger than 16777215 bytes out; goes before `truncate-files`. */
  'skip-large-files',
] as const;

export type Allowance = (typeof ALLOWANCES)[number];

/** The problems that an allowance is for. */
const KIND_OF: Readonly<Record<Allowance, ProblemKind>> = {
  'truncate-names': 'name',
  'truncate-files': 'file-size',
  'truncate-ids': 'id',
  'truncate-devices': 'device',
  'skip-large-files': 'file-size',
};

const MAX_UID = 2 ** CRAMFS_UID_WIDTH - 1;
const MAX_GID = 2 ** CRAMFS_GID_WIDTH - 1;
const MAX_DIRECTORY_SIZE = 2 ** CRAMFS_SIZE_WIDTH - 1;
/** PATH_MAX without its NUL: the longest path or link target that Linux takes. */
const MAX_PATH = 4095;

/**
 * Finds everything in the tree that the format or Linux has no room for. Nothing is changed without
 * permission: what `allow` covers is changed in place and reported as a warning; all else is an error. Silent
 * truncation, as the C tools do it, can hand a file to root (kernel fact K4).
 *
 * @returns the problems in the order of the tree; after an error the tree must not be built.
 */
export function fitTree(root: DirectoryEntry, allow: ReadonlySet<Allowance>): Problem[] {
  const fitter = new Fitter(allow);
  for (const { path, entry } of walkTree(root)) fitter.fit(path, entry);
  return fitter.problems;
}

class Fitter {
  readonly problems: Problem[] = [];
  private readonly allow: ReadonlySet<Allowance>;

  constructor(allow: ReadonlySet<Allowance>) {
    this.allow = allow;
  }

  /** Children are replaced here, before the walk comes to them. */
  fit(path: string, entry: TreeEntry): void {
    this.fitIds(path, entry);
    if ((entry.mode & S_IFMT) !== typeBits(entry.type) || entry.mode > 0xffff) {
      this.error(
        'mode',
        path,
        `mode 0${entry.mode.toString(8)} is not that of a ${fileTypeName(entry.type)}`,
      );
    }
    if (path.length > MAX_PATH) {
      this.error('path', path, `path of ${path.length} bytes: Linux opens at most ${MAX_PATH}`);
    }
    if (entry.type === 'directory') this.fitDirectory(path, entry);
    if (entry.type === 'symlink') this.checkTarget(path, entry.target);
  }

  private fitIds(path: string, entry: TreeEntry): void {
    if (entry.uid <= MAX_UID && entry.gid <= MAX_GID) return;
    for (const [what, max] of [
      ['uid', MAX_UID],
      ['gid', MAX_GID],
    ] as const) {
      const id = entry[what];
      if (id <= max) continue;
      // Ids may need all 32 bits, but `max` has at most 16, so the sign does not matter.
      const low = id & max;
      if (this.allows('truncate-ids', path, `${what} ${id} does not fit, at most ${max}`, low)) {
        entry[what] = low;
      }
    }
  }

  private fitDirectory(path: string, directory: DirectoryEntry): void {
    this.fitNames(path, directory);
    let size = 0;
    for (const name of sortedNames(directory)) {
      const child = directory.children.get(name)!;
      const fitted = this.fitChild(path, name, child);
      if (fitted === undefined) {
        directory.children.delete(name);
        continue;
      }
      if (fitted !== child) directory.children.set(name, fitted);
      size += directoryEntrySize(name.length);
    }
    if (size > MAX_DIRECTORY_SIZE) {
      this.error(
        'directory-size',
        path,
        `entries of ${size} bytes do not fit, at most ${MAX_DIRECTORY_SIZE}`,
      );
    }
  }

  private fitChild(path: string, name: string, child: TreeEntry): TreeEntry | undefined {
    switch (child.type) {
      case 'file':
        return child.size <= CRAMFS_MAX_FILE_SIZE
          ? child
          : this.fitLargeFile(joinPath(path, name), child);
      case 'char-device':
      case 'block-device':
        return this.fitDevice(joinPath(path, name), child);
      case 'directory':
      case 'symlink':
      case 'fifo':
      case 'socket':
        return child;
    }
  }

  private fitNames(path: string, directory: DirectoryEntry): void {
    const { children } = directory;
    if ([...children.keys()].every((name) => isPossible(name) && isShort(name))) return;
    for (const name of sortedNames(directory)) {
      const childPath = joinPath(path, name);
      if (!isPossible(name)) {
        this.error('name', childPath, `the name '${nameToText(name)}' cannot be stored`);
      }
      if (!isShort(name)) this.fitName(childPath, name, directory);
    }
  }

  private fitName(path: string, name: string, { children }: DirectoryEntry): void {
    const cut = truncateName(name, CRAMFS_MAXPATHLEN);
    const tooLong = `name of ${name.length} bytes does not fit, at most ${CRAMFS_MAXPATHLEN}`;
    if (cut === undefined) {
      this.error('name', path, `${tooLong}; it is not UTF-8, so there is no safe place to cut it`);
    } else if (this.allow.has('truncate-names') && children.has(cut)) {
      this.error('name', path, `${tooLong}; cut to fit, it would be the same as another name`);
    } else if (this.allows('truncate-names', path, tooLong, `'${nameToText(cut)}'`)) {
      children.set(cut, children.get(name)!);
      children.delete(name);
    }
  }

  private fitLargeFile(path: string, file: FileEntry): FileEntry | undefined {
    const tooBig = `file of ${file.size} bytes does not fit, at most ${CRAMFS_MAX_FILE_SIZE}`;
    if (this.allow.has('skip-large-files')) {
      this.warning('file-size', path, `${tooBig}: left out`);
      return undefined;
    }
    if (!this.allows('truncate-files', path, tooBig, `${CRAMFS_MAX_FILE_SIZE} bytes`)) return file;
    return {
      ...file,
      size: CRAMFS_MAX_FILE_SIZE,
      read: async () => (await file.read()).subarray(0, CRAMFS_MAX_FILE_SIZE),
    };
  }

  private fitDevice(path: string, device: DeviceEntry): DeviceEntry {
    const { rdev } = device;
    if (oldValidDev(rdev)) return device;
    const low = oldDecodeDev(oldEncodeDev(rdev));
    const problem = `device number ${rdev.major}:${rdev.minor} does not fit, at most 255:255`;
    return this.allows('truncate-devices', path, problem, `${low.major}:${low.minor}`)
      ? { ...device, rdev: low }
      : device;
  }

  private checkTarget(path: string, target: string): void {
    if (target === '') {
      this.error('target', path, 'symbolic link with an empty target');
    } else if (target.includes('\0')) {
      this.error('target', path, 'symbolic link whose target holds a NUL');
    } else if (target.length > MAX_PATH) {
      // Linux would cut the target: compare fs/namei.c:page_get_link() => nd_terminate_link().
      this.error(
        'target',
        path,
        `link target of ${target.length} bytes does not fit, at most ${MAX_PATH}`,
      );
    }
  }

  /** Reports `problem`; returns true if `replacement` may be used instead. */
  private allows(
    allowance: Allowance,
    path: string,
    problem: string,
    replacement: string | number,
  ): boolean {
    const allowed = this.allow.has(allowance);
    const kind = KIND_OF[allowance];
    if (allowed) this.warning(kind, path, `${problem}: truncated to ${replacement}`);
    else this.error(kind, path, problem);
    return allowed;
  }

  private error(kind: ProblemKind, path: string, message: string): void {
    this.problems.push({ severity: 'error', kind, path, message });
  }

  private warning(kind: ProblemKind, path: string, message: string): void {
    this.problems.push({ severity: 'warning', kind, path, message });
  }
}

function isPossible(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
}

function isShort(name: string): boolean {
  return name.length <= CRAMFS_MAXPATHLEN;
}
