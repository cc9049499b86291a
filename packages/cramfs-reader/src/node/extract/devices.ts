import { execFileSync } from 'node:child_process';
import { linkSync, mkdtempSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { CramfsError } from 'cramfs-format';
import type { Inode } from '../../types.js';

/**
 * Makes device nodes and fifos. Node.js cannot, so mknod(1) and mkfifo(1) do; as their arguments are
 * text and names in an image are bytes, they work in a directory of our own, and link(2), which
 * neither replaces a file nor follows a symlink, gives the node its name.
 */
export class NodeMaker {
  private directory: string | undefined;
  private readonly target: Buffer;

  /** @param target absolute path of the directory that is extracted to. */
  constructor(target: Buffer) {
    this.target = target;
  }

  /** @throws CramfsError UNSUPPORTED with the command's message, or the system's error. */
  make(inode: Inode, path: Buffer): void {
    const made = join((this.directory ??= this.makeDirectory()), 'node');
    if (inode.type === 'fifo') {
      run('mkfifo', [made]);
    } else {
      const { major = 0, minor = 0 } = inode.rdev ?? {};
      run('mknod', [made, inode.type === 'char-device' ? 'c' : 'b', String(major), String(minor)]);
    }
    try {
      linkSync(made, path);
    } finally {
      unlinkSync(made);
    }
  }

  close(): void {
    if (this.directory !== undefined) rmdirSync(this.directory);
    this.directory = undefined;
  }

  private makeDirectory(): string {
    const target = this.target.toString();
    if (!Buffer.from(target).equals(this.target)) {
      throw new CramfsError('UNSUPPORTED', 'the path of the target directory is not UTF-8');
    }
    return mkdtempSync(join(target, '.cramfs-'));
  }
}

function run(command: string, args: string[]): void {
  try {
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (cause) {
    throw new CramfsError('UNSUPPORTED', errorOutput(cause) || `cannot run ${command}`, { cause });
  }
}

/** What a command said on stderr; nothing if it could not be run at all. */
function errorOutput(error: unknown): string {
  if (!(error instanceof Error) || !('stderr' in error)) return '';
  return error.stderr instanceof Uint8Array ? Buffer.from(error.stderr).toString().trim() : '';
}
