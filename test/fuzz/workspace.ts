import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  type Dirent,
} from 'node:fs';
import { join } from 'node:path';

/**
 * A place to extract to with others' files around it, none of which may ever change:
 *
 *     workspace-XXXXXX/
 *       outside         a file
 *       escaped         a file with a name that mutants try to reach
 *       elsewhere/      a directory with two files and a directory
 *       cwd/            the working directory, empty
 *       scratch/        for our own files, not looked at
 *       target/         where extractions go
 */
export class Workspace {
  readonly base: string;
  readonly target: string;
  readonly scratch: string;
  private before: ReadonlyMap<string, string>;

  /** @param parent directory in which to make it. */
  constructor(parent: string) {
    this.base = mkdtempSync(join(parent, 'workspace-'));
    this.target = join(this.base, 'target');
    this.scratch = join(this.base, 'scratch');
    for (const name of ['target', 'scratch', 'elsewhere', 'elsewhere/empty', 'cwd']) {
      mkdirSync(join(this.base, name));
    }
    for (const name of ['outside', 'escaped', 'elsewhere/file', 'elsewhere/d']) {
      writeFileSync(join(this.base, name), `canary ${name}`, { mode: 0o640 });
    }
    process.chdir(join(this.base, 'cwd'));
    this.before = this.snapshot();
  }

  /** What has changed outside the target since the last call, or undefined. */
  findDamage(): string | undefined {
    const { before } = this;
    const now = (this.before = this.snapshot());
    const paths = new Set([...before.keys(), ...now.keys()]);
    const changed = [...paths].filter((path) => before.get(path) !== now.get(path));
    return changed.length === 0 ? undefined : changed.join(' ');
  }

  /** Puts a symlink to something outside where an extraction will want to go. */
  setTrap(name: Buffer, goal: 'outside' | 'elsewhere'): void {
    symlinkSync(`../${goal}`, Buffer.concat([Buffer.from(`${this.target}/`), name]));
  }

  /** Removes all that is in the target. */
  clear(): void {
    chmodSync(this.target, 0o700);
    clearDirectory(Buffer.from(this.target));
  }

  /** Attributes, link count, times and content of everything outside the target, by path. */
  private snapshot(): Map<string, string> {
    const found = new Map<string, string>();
    const visit = (path: string): void => {
      const { mode, uid, gid, nlink, size, ino, mtimeNs, ctimeNs } = lstatSync(path, {
        bigint: true,
      });
      const isDirectory = (Number(mode) & 0o170000) === 0o40000;
      const content = isDirectory ? '' : readFileSync(path, 'latin1');
      found.set(path, [mode, uid, gid, nlink, size, ino, mtimeNs, ctimeNs, content].join(' '));
      if (!isDirectory) return;
      for (const name of readdirSync(path).sort()) {
        const child = join(path, name);
        if (child !== this.target && child !== this.scratch) visit(child);
      }
    };
    visit(this.base);
    return found;
  }
}

/**
 * Removes everything in a directory. fs.rmSync() can do so neither with names that are not UTF-8 nor
 * with what is in an unreadable directory.
 */
export function clearDirectory(path: Buffer): void {
  for (const entry of listDirectory(path)) {
    const child = Buffer.concat([path, Buffer.from('/'), entry.name]);
    if (!entry.isDirectory()) {
      unlinkSync(child);
      continue;
    }
    chmodSync(child, 0o700);
    clearDirectory(child);
    rmdirSync(child);
  }
}

/** The entries of a directory, with names as bytes. */
export function listDirectory(path: Buffer): Dirent<Buffer>[] {
  return readdirSync(path, { withFileTypes: true, encoding: 'buffer' });
}
