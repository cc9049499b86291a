import { execFileSync } from 'node:child_process';
import { closeSync, constants, linkSync, mkdtempSync, openSync, rmSync, rmdirSync } from 'node:fs';
import { CramfsError } from 'cramfs-format';
import type { Inode } from '../../types.js';
import { setNodeAttributes, type Attributes } from './attributes.js';
import { createNew } from './create-new.js';
import {
  HOLD,
  pathOfDescriptor,
  type TargetLocation,
  type TargetPath,
} from './target-directory.js';

const NODE = 'node';

/** A directory of our own that nobody else may look into. */
interface Workshop {
  readonly path: string;
  readonly fd: number | undefined;
  /** Where commands run. */
  readonly cwd: string;
}

/**
 * Makes device nodes and fifos. Node.js cannot, so mknod(1) and mkfifo(1) do; as their arguments are
 * text and names in an image are bytes, they work in a directory of our own, and link(2), which
 * neither replaces a file nor follows a symlink, gives the node its name once it has its attributes.
 */
export class NodeMaker {
  private workshop: Workshop | undefined;
  private readonly target: TargetLocation;

  constructor(target: TargetLocation) {
    this.target = target;
  }

  /**
   * @param path see DirectoryCursor.
   * @param force see createNew().
   * @throws CramfsError UNSUPPORTED with the command's message, TargetError, or the system's
   * error.
   */
  make(inode: Inode, attributes: Attributes, path: TargetPath, force: boolean): void {
    const { cwd } = (this.workshop ??= openWorkshop(this.target));
    const made = `${cwd}/${NODE}`;
    try {
      if (inode.type === 'fifo') {
        run('mkfifo', [NODE], cwd);
      } else {
        const { major = 0, minor = 0 } = inode.rdev ?? {};
        const type = inode.type === 'char-device' ? 'c' : 'b';
        run('mknod', [NODE, type, String(major), String(minor)], cwd);
      }
      setNodeAttributes(made, attributes, {
        isSymlink: false,
        isHeld: this.target.isHeld,
      });
      createNew(path, force, () => {
        linkSync(made, path);
      });
    } finally {
      rmSync(made, { force: true });
    }
  }

  close(): void {
    if (this.workshop === undefined) return;
    const { path, fd } = this.workshop;
    this.workshop = undefined;
    if (fd !== undefined) closeSync(fd);
    rmdirSync(path);
  }
}

function openWorkshop({ path: target, isHeld }: TargetLocation): Workshop {
  const prefix = Buffer.concat([target, Buffer.from('/.cramfs-')]);
  if (!isHeld && !Buffer.from(prefix.toString()).equals(prefix)) {
    throw new CramfsError('UNSUPPORTED', 'the path of the target directory is not UTF-8');
  }
  const path = mkdtempSync(prefix.toString());
  if (!isHeld) return { path, fd: undefined, cwd: path };
  const fd = openSync(path, HOLD | constants.O_DIRECTORY);
  return { path, fd, cwd: pathOfDescriptor(fd) };
}

function run(command: string, args: string[], cwd: string): void {
  try {
    execFileSync(command, args, {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (cause) {
    throw new CramfsError('UNSUPPORTED', errorOutput(cause) || `cannot run ${command}`, { cause });
  }
}

/** What a command said on stderr; nothing if it could not be run at all. */
function errorOutput(error: unknown): string {
  if (!(error instanceof Error) || !('stderr' in error)) return '';
  return error.stderr instanceof Uint8Array ? Buffer.from(error.stderr).toString().trim() : '';
}
