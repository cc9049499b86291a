import { mkdirSync, readdirSync, realpathSync } from 'node:fs';

const SLASH = 0x2f;

/** The directory that an image is extracted to. */
export class TargetDirectory {
  /** Absolute, without symlinks: only what the user named himself is ever followed. */
  private readonly root: Buffer;
  /** True if the directory was made now, or was empty: then it is as the image's root says. */
  readonly isFresh: boolean;

  /** @throws the system's error if it cannot be made or read. */
  constructor(path: string) {
    const made = mkdirSync(path, { recursive: true }) !== undefined;
    this.root = realpathSync.native(path, 'buffer');
    this.isFresh = made || readdirSync(this.root).length === 0;
  }

  /** @param path of an entry in the image, a byte string that selectEntries() has let pass. */
  resolve(path: string): Buffer {
    if (path === '/') return this.root;
    const tail = Buffer.from(path, 'latin1');
    return this.root.at(-1) === SLASH
      ? Buffer.concat([this.root, tail.subarray(1)])
      : Buffer.concat([this.root, tail]);
  }
}
