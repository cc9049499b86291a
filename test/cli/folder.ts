import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** A directory of its own for every test of the file that asks for it. */
export class Folder {
  private root = '';

  constructor() {
    beforeEach(() => {
      this.root = mkdtempSync(join(tmpdir(), 'cli-'));
    });
    afterEach(() => {
      rmSync(this.root, { recursive: true });
    });
  }

  /** The path of something in it; of the directory itself without arguments. */
  path(...names: string[]): string {
    return join(this.root, ...names);
  }

  /** @returns the path of the new file. */
  write(name: string, bytes: Uint8Array | string): string {
    writeFileSync(this.path(name), bytes);
    return this.path(name);
  }
}
