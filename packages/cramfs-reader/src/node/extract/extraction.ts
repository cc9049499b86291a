import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  symlinkSync,
} from 'node:fs';
import { CramfsError, fileTypeName } from 'cramfs-format';
import type { CramfsImage } from '../../image.js';
import type { SelectedEntry } from '../../select.js';
import { attributesOf, setDirectoryAttributes, setNodeAttributes } from './attributes.js';
import { createNew } from './create-new.js';
import { NodeMaker } from './devices.js';
import { isFatal, systemCode, toProblem, type ExtractProblem } from './problems.js';
import { DirectoryCursor } from './directory-cursor.js';
import type { TargetDirectory, TargetPath } from './target-directory.js';
import type { FileRules } from './write-file.js';

export interface ExtractionRules extends FileRules {
  readonly devices: 'create' | 'skip';
}

const OWNER_ONLY = 0o700;

/** The steps of an extraction, except the content of files; see extractImage() for their order. */
export class Extraction {
  readonly problems: ExtractProblem[] = [];
  /** True after a fatal problem: nothing more is made. */
  private stopped = false;
  readonly made = { directories: 0, symlinks: 0, nodes: 0 };
  private readonly image: CramfsImage;
  private readonly target: TargetDirectory;
  private readonly rules: ExtractionRules;
  private readonly cursor: DirectoryCursor;
  private readonly maker: NodeMaker;
  /** Directories that exist, and whether we set their attributes. */
  private readonly directories = new Map<SelectedEntry, boolean>();

  constructor(image: CramfsImage, target: TargetDirectory, rules: ExtractionRules) {
    this.image = image;
    this.target = target;
    this.rules = rules;
    this.cursor = new DirectoryCursor(target.location);
    this.maker = new NodeMaker(target.location);
  }

  /** Removes everything but what was extracted. */
  close(): void {
    this.cursor.close();
    this.maker.close();
  }

  /** Makes a directory, or makes sure that the existing one is not a symlink. */
  makeDirectory(entry: SelectedEntry): void {
    if (entry.parent === undefined) {
      this.directories.set(entry, this.target.isFresh);
      return;
    }
    this.attempt(entry, (path) => {
      const isNew = makeOrKeep(path, this.rules.force);
      this.directories.set(entry, isNew || entry.wanted);
      if (isNew) this.made.directories += 1;
    });
  }

  /** False if there is no directory for an entry. */
  hasDirectoryOf({ parent }: SelectedEntry): boolean {
    return parent === undefined || this.directories.has(parent);
  }

  makeSymlink(entry: SelectedEntry): void {
    this.attempt(entry, (path) => {
      const link = this.image.readlink(entry.inode);
      if (link === '' || link.includes('\0')) {
        throw new CramfsError('BAD_ENTRY', "the symlink's target is empty or holds a NUL");
      }
      createNew(path, this.rules.force, () => {
        symlinkSync(Buffer.from(link, 'latin1'), path);
      });
      setNodeAttributes(path, attributesOf(entry.inode, this.rules), {
        isSymlink: true,
        isHeld: this.target.location.isHeld,
      });
      this.made.symlinks += 1;
    });
  }

  /** Sets a directory's attributes: once it is filled, as its mode may forbid writing to it. */
  finishDirectory(entry: SelectedEntry): void {
    if (this.directories.get(entry) !== true) return;
    this.attempt(entry, (path) => {
      setDirectoryAttributes(path, attributesOf(entry.inode, this.rules));
    });
  }

  report(problems: readonly ExtractProblem[]): void {
    for (const problem of problems) this.problems.push(problem);
    this.stopped ||= problems.some(isFatal);
  }

  warn(path: string | undefined, code: string, message: string): void {
    this.problems.push({ severity: 'warning', path, code, message });
  }

  makeNode(entry: SelectedEntry): void {
    const { inode, path } = entry;
    const { type, rdev } = inode;
    if (type === 'socket') {
      this.warn(path, 'SKIPPED_SOCKET', 'a socket: left out');
    } else if (type !== 'fifo' && this.rules.devices === 'skip') {
      const numbers = rdev === undefined ? '' : ` ${rdev.major},${rdev.minor}`;
      this.warn(path, 'SKIPPED_DEVICE', `a ${fileTypeName(type)}${numbers}: left out`);
    } else {
      this.attempt(entry, (target) => {
        this.maker.make(inode, attributesOf(inode, this.rules), target, this.rules.force);
        this.made.nodes += 1;
      });
    }
  }

  private attempt(entry: SelectedEntry, action: (path: TargetPath) => void): void {
    if (this.stopped || !this.hasDirectoryOf(entry)) return;
    try {
      action(this.cursor.pathTo(entry.path));
    } catch (error) {
      this.report([toProblem(error, entry.path)]);
    }
  }
}

/** @returns true if the directory is new. */
function makeOrKeep(path: TargetPath, force: boolean): boolean {
  try {
    mkdirSync(path, OWNER_ONLY);
    return true;
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  if (lstatSync(path).isDirectory()) {
    if (force) openUp(path);
    return false;
  }
  // A file or symlink is in the way.
  createNew(path, force, () => {
    mkdirSync(path, OWNER_ONLY);
  });
  return true;
}

/** Lets us write to a directory of ours that an earlier extraction may have made read-only. */
function openUp(path: TargetPath): void {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    const { mode, uid } = fstatSync(fd);
    if (uid === process.geteuid?.()) fchmodSync(fd, mode | OWNER_ONLY);
  } finally {
    closeSync(fd);
  }
}
