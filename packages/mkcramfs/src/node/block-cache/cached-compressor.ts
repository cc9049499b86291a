import { concatBytes } from 'cramfs-format';
import { accessSync, constants, existsSync, mkdirSync, opendirSync } from 'node:fs';
import type { BlockBatch, CompressedBatch } from '../../block-batch.js';
import { blocksOf, enlarged } from '../../pack-blocks.js';
import type { WorkerCompressor } from '../worker-compressor.js';
import { BlockCache, blockKey } from './block-cache.js';
import type { CachedBlock } from './pack.js';

/** Where compressed blocks are kept from build to build. */
export interface CacheOptions {
  readonly directory: string;
  /** The most bytes that it may have after a build. */
  readonly limit: number;
}

/** A compressor that looks in a cache first. */
export interface CachedCompressor extends WorkerCompressor {
  /** Blocks that were asked for, and those that were in the cache. */
  readonly counts: { readonly blocks: number; readonly found: number };
  /** Keeps new blocks. @throws system errors of writing; the images are not affected. */
  commit(): void;
}

/**
 * Wraps a compressor. The image does not depend on what is in the cache.
 *
 * @throws system errors if the directory cannot be made or read.
 */
export function cachedCompressor(
  compressor: WorkerCompressor,
  { directory, limit }: CacheOptions,
): CachedCompressor {
  if (!existsSync(directory)) mkdirSync(directory, { recursive: true });
  opendirSync(directory).closeSync();
  accessSync(directory, constants.W_OK);
  const caches = new Map<string, BlockCache>();
  const counts = { blocks: 0, found: 0 };
  const cacheFor = ({ codec, keepIncompressible }: BlockBatch): BlockCache => {
    const name = JSON.stringify([codec, keepIncompressible]);
    let cache = caches.get(name);
    if (cache === undefined) {
      cache = new BlockCache(directory, { codec, keepIncompressible });
      caches.set(name, cache);
    }
    return cache;
  };
  return {
    concurrency: compressor.concurrency,
    counts,
    rest() {
      compressor.rest?.();
    },
    // The number of bytes is not known before the cache is asked.
    expect: () => undefined,
    async compress(batch) {
      const cache = cacheFor(batch);
      const blocks = blocksOf(batch);
      const keys = blocks.map(blockKey);
      const taken = new TakenBlocks(batch);
      const missing = keys.flatMap((key, index) => {
        const found = cache.find(key);
        if (found !== undefined) taken.add(found === 'incompressible' ? blocks[index]! : found);
        return found === undefined ? [index] : [];
      });
      counts.blocks += blocks.length;
      counts.found += blocks.length - missing.length;
      if (missing.length === 0) return taken.result();
      const isNew = missing.length === blocks.length;
      const rest = await compressor.compress(
        isNew ? batch : { ...batch, ...pick(blocks, missing), room: undefined },
      );
      const parts = blocksOf(rest);
      parts.forEach((part, at) => {
        const index = missing[at]!;
        cache.add(keys[index]!, cachedForm(part, batch.lengths[index]!, batch));
      });
      return isNew ? rest : taken.mixedWith(parts, missing);
    },
    commit() {
      for (const [name, cache] of caches) {
        caches.delete(name);
        cache.commit(limit);
      }
    },
    async close() {
      for (const cache of caches.values()) cache.abort();
      await compressor.close();
    },
  };
}

/** With `keepIncompressible`, a block that comes back as long as it was is the block itself. */
function cachedForm(
  stored: Uint8Array,
  length: number,
  { keepIncompressible }: BlockBatch,
): CachedBlock {
  return keepIncompressible && stored.length === length ? 'incompressible' : stored;
}

function pick(
  blocks: readonly Uint8Array[],
  indexes: readonly number[],
): Pick<BlockBatch, 'data' | 'lengths'> {
  const picked = indexes.map((index) => blocks[index]!);
  return { data: concatBytes(picked), lengths: picked.map(({ length }) => length) };
}

/** The blocks of a batch that were in the cache, one after the other in the room of the batch. */
class TakenBlocks {
  private readonly batch: BlockBatch;
  private readonly lengths: number[] = [];
  private into: Uint8Array | undefined;
  private end = 0;

  constructor(batch: BlockBatch) {
    this.batch = batch;
  }

  add(block: Uint8Array): void {
    const { data, room } = this.batch;
    const end = this.end + block.length;
    this.into ??= room ?? new Uint8Array(data.length);
    if (end > this.into.length) this.into = enlarged(this.into, end);
    this.into.set(block, this.end);
    this.lengths.push(block.length);
    this.end = end;
  }

  /** The result if no other block is missing. */
  result(): CompressedBatch {
    const { data, room } = this.batch;
    const { into = new Uint8Array(0), lengths } = this;
    const bytes = into.subarray(0, this.end);
    const isInRoom = room !== undefined && into === room;
    return {
      data: room === undefined ? bytes.slice() : bytes,
      lengths,
      spent: isInRoom || room === undefined ? [data.buffer] : [data.buffer, room.buffer],
    };
  }

  /** The result with blocks that were compressed, whose indexes in the batch are given. */
  mixedWith(parts: readonly Uint8Array[], indexes: readonly number[]): CompressedBatch {
    const { data, room } = this.batch;
    const all = blocksOf({ data: this.into!, lengths: this.lengths });
    indexes.forEach((index, at) => all.splice(index, 0, parts[at]!));
    return {
      data: concatBytes(all),
      lengths: all.map(({ length }) => length),
      spent: room === undefined ? [data.buffer] : [data.buffer, room.buffer],
    };
  }
}
