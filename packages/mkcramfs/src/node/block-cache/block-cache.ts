import { hash } from 'node:crypto';
import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { DEFLATE_MODULE_SHA256 } from 'cramfs-deflate';
import type { BlockBatch } from '../../block-batch.js';
import { removeStale } from '../temporary-file.js';
import { KEY_LENGTH, PackReader, PackWriter, type CachedBlock } from './pack.js';

/** The most packs of one kind of blocks: if there are more, the next build writes all that it uses to one. */
const MAX_PACKS = 16;

const PACK_NAME = /^blocks-[0-9a-f]{16}-[0-9a-f]{8}\.pack$/;

/** What a block's compressed bytes depend on besides its content. */
export type BlockForm = Pick<BlockBatch, 'codec' | 'keepIncompressible'>;

/**
 * Blocks that were compressed before, by content, in a directory of packs. Several builds may use it at the
 * same time: packs are complete when others see them, and never change. A build adds a pack with what it did
 * not find. Damaged blocks count as not found, and are compressed again.
 */
export class BlockCache {
  private readonly base: string;
  private readonly directory: string;
  private readonly readers: readonly PackReader[];
  private readonly rewrites: boolean;
  private writer: PackWriter | undefined;
  private failure: unknown = undefined;

  /**
   * @throws system errors if the directory cannot be read.
   */
  constructor(directory: string, form: BlockForm) {
    this.directory = directory;
    this.base = join(directory, `blocks-${formDigest(form)}`);
    removeStale(this.base);
    this.readers = packsIn(directory)
      .filter(({ path }) => path.startsWith(`${this.base}-`))
      .sort((a, b) => b.mtimeMs - a.mtimeMs)
      .flatMap(({ path }) => openPack(path));
    this.rewrites = this.readers.length >= MAX_PACKS;
  }

  get isEmpty(): boolean {
    return this.readers.length === 0;
  }

  /** @returns undefined if the block is not known. Bytes are valid until the next call. */
  find(key: string): CachedBlock | undefined {
    for (const reader of this.readers) {
      const block = reader.find(key);
      if (block === undefined) continue;
      if (this.rewrites) this.write(key, block);
      return block;
    }
    return undefined;
  }

  add(key: string, block: CachedBlock): void {
    this.write(key, block);
  }

  /**
   * Keeps what was added, and removes the least recently used packs until all of them together have at most
   * `limit` bytes.
   *
   * @throws system errors of writing, even earlier ones; then nothing is added.
   */
  commit(limit: number): void {
    for (const reader of this.readers) reader.close();
    if (this.failure !== undefined) throw this.failure as Error;
    const { writer } = this;
    if (writer !== undefined) this.complete(writer);
    const now = new Date();
    for (const { used, path } of this.readers) {
      if (!used) continue;
      tryTo(() => {
        if (this.rewrites) rmSync(path);
        else utimesSync(path, now, now);
      });
    }
    evict(this.directory, limit);
  }

  /** Gives up what was added. */
  abort(): void {
    for (const reader of this.readers) reader.close();
    this.writer?.abort();
  }

  private complete(writer: PackWriter): void {
    try {
      writer.commit((digest) => `${this.base}-${digest.toString(16).padStart(8, '0')}.pack`);
    } catch (error) {
      writer.abort();
      throw error;
    }
  }

  /** A cache that cannot be written must not end a build: commit() will tell. */
  private write(key: string, block: CachedBlock): void {
    if (this.failure !== undefined) return;
    try {
      this.writer ??= new PackWriter(this.base);
      this.writer.add(key, block);
    } catch (error) {
      this.failure = error;
      this.writer?.abort();
      this.writer = undefined;
    }
  }
}

/** The name of a block's content. */
export function blockKey(block: Uint8Array): string {
  // Strings are cheaper than buffers, each of which has memory outside the heap.
  return hash('sha256', block, 'binary').slice(0, KEY_LENGTH);
}

/**
 * Returns a digest of the form, and of the compressor itself: another version's output may be as
 * good, but it is not the same.
 */
function formDigest({ codec, keepIncompressible }: BlockForm): string {
  const version = codec.library === 'block-deflate' ? DEFLATE_MODULE_SHA256 : 'C zlib';
  return hash('sha256', JSON.stringify([codec, keepIncompressible, version])).slice(0, 16);
}

interface PackFile {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/** Another build may remove packs at any time. */
function packsIn(directory: string): PackFile[] {
  return readdirSync(directory)
    .filter((name) => PACK_NAME.test(name))
    .flatMap((name) => {
      const path = join(directory, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats === undefined ? [] : [{ path, size: stats.size, mtimeMs: stats.mtimeMs }];
    });
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

function evict(directory: string, limit: number): void {
  const packs = packsIn(directory).sort((a, b) => b.mtimeMs - a.mtimeMs);
  let kept = 0;
  for (const { path, size } of packs) {
    kept += size;
    if (kept > limit) {
      tryTo(() => {
        rmSync(path, { force: true });
      });
    }
  }
}

function tryTo(action: () => void): void {
  try {
    action();
  } catch {
    // The next build tries again.
  }
}
