import { hash } from 'node:crypto';
import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KEY_LENGTH, PackReader, type CachedBlock } from './pack.js';

const PACK_NAME = /^blocks-[0-9a-f]{16}-[0-9a-f]{8}\.pack$/;

/** The packs of one kind of blocks as they were when they were opened, those used last first. */
export class KnownPacks {
  private readonly readers: readonly PackReader[];
  private readonly used = new Set<PackReader>();

  /**
   * @param base what the paths of these packs start with.
   * @throws system errors if the directory cannot be read.
   */
  constructor(base: string) {
    this.readers = packsOf(base)
      .sort((a, b) => b.mtimeMs - a.mtimeMs)
      .flatMap(({ path }) => openPack(path));
  }

  /** @returns undefined if the block is not known. Bytes are valid until the next call. */
  find(key: string): CachedBlock | undefined {
    for (const reader of this.readers) {
      const block = reader.find(key);
      if (block === undefined) continue;
      if (!this.used.has(reader)) this.use(reader);
      return block;
    }
    return undefined;
  }

  /** Removes the packs that blocks were found in. */
  removeUsed(): void {
    for (const { path } of this.used) {
      tryTo(() => {
        rmSync(path);
      });
    }
  }

  close(): void {
    for (const reader of this.readers) reader.close();
  }

  /** Its time tells other builds that it is in use. */
  private use(reader: PackReader): void {
    this.used.add(reader);
    const now = new Date();
    tryTo(() => {
      utimesSync(reader.path, now, now);
    });
  }
}

/** The name of a block's content. */
export function blockKey(block: Uint8Array): string {
  // Strings are cheaper than buffers, each of which has memory outside the heap.
  return hash('sha256', block, 'binary').slice(0, KEY_LENGTH);
}

export interface PackFile {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/** Another build may remove packs at any time. */
export function packsIn(directory: string): PackFile[] {
  return readdirSync(directory)
    .filter((name) => PACK_NAME.test(name))
    .flatMap((name) => {
      const path = join(directory, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats === undefined ? [] : [{ path, size: stats.size, mtimeMs: stats.mtimeMs }];
    });
}

/** The packs of one kind of blocks. */
export function packsOf(base: string): PackFile[] {
  return packsIn(dirname(base)).filter(({ path }) => path.startsWith(`${base}-`));
}

/** An incomplete pack is of no use. */
function openPack(path: string): PackReader[] {
  try {
    return [new PackReader(path)];
  } catch {
    tryTo(() => {
      rmSync(path, { force: true });
    });
    return [];
  }
}

/** For what the next build does again if it fails now. */
export function tryTo(action: () => void): void {
  try {
    action();
  } catch {
    // The next build tries again.
  }
}
