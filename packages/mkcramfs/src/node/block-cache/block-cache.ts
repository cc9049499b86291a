import { hash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DEFLATE_MODULE_SHA256 } from 'cramfs-deflate';
import type { BlockBatch } from '../../block-batch.js';
import { removeStale } from '../temporary-file.js';
import { KnownPacks, packsIn, packsOf, tryTo } from './known-packs.js';
import { PackWriter, type CachedBlock } from './pack.js';

/** The most packs of one kind of blocks: if there are more, the next build writes all that it uses to one. */
const MAX_PACKS = 16;

/** What a block's compressed bytes depend on besides its content. */
export type BlockForm = Pick<BlockBatch, 'codec' | 'keepIncompressible'>;

/**
 * Blocks that were compressed before, by content, in a directory of packs. Several builds may use it at the
 * same time: packs are complete when others see them, and never change. A build adds a pack with what it did
 * not find. Damaged blocks count as not found, and are compressed again.
 */
export class BlockCache {
  /** What the paths of its packs start with. */
  readonly base: string;
  /** A thread can look for blocks: there are packs, and none of them has to be written again. */
  readonly suitsThread: boolean;
  private readonly directory: string;
  private readonly rewrites: boolean;
  private packs: KnownPacks | undefined;
  private writer: PackWriter | undefined;
  private failure: unknown = undefined;

  /**
   * @throws system errors if the directory cannot be read.
   */
  constructor(directory: string, form: BlockForm) {
    this.directory = directory;
    this.base = join(directory, `blocks-${formDigest(form)}`);
    removeStale(this.base);
    const { length } = packsOf(this.base);
    this.rewrites = length >= MAX_PACKS;
    this.suitsThread = length > 0 && !this.rewrites;
  }

  /** @returns undefined if the block is not known. Bytes are valid until the next call. */
  find(key: string): CachedBlock | undefined {
    this.packs ??= new KnownPacks(this.base);
    const block = this.packs.find(key);
    if (block !== undefined && this.rewrites) this.write(key, block);
    return block;
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
    this.packs?.close();
    if (this.failure !== undefined) throw this.failure as Error;
    const { writer } = this;
    if (writer !== undefined) this.complete(writer);
    if (this.rewrites) this.packs?.removeUsed();
    evict(this.directory, limit);
  }

  /** Gives up what was added. */
  abort(): void {
    this.packs?.close();
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

/**
 * Returns a digest of the form, and of the compressor itself: another version's output may be as
 * good, but it is not the same.
 */
function formDigest({ codec, keepIncompressible }: BlockForm): string {
  const version = codec.library === 'block-deflate' ? DEFLATE_MODULE_SHA256 : 'C zlib';
  return hash('sha256', JSON.stringify([codec, keepIncompressible, version])).slice(0, 16);
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
