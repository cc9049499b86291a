import { concatBytes } from 'cramfs-format';
import { accessSync, constants, existsSync, mkdirSync, opendirSync } from 'node:fs';
import type { BlockBatch, CompressedBatch } from '../../block-batch.js';
import { blocksOf } from '../../pack-blocks.js';
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
      const found = cache.isEmpty ? [] : keys.map((key) => cache.find(key));
      const missing = keys.flatMap((_, index) => (found[index] === undefined ? [index] : []));
      counts.blocks += blocks.length;
      counts.found += blocks.length - missing.length;
      if (missing.length === blocks.length) {
        const { lengths } = batch;
        const result = await compressor.compress(batch);
        blocksOf(result).forEach((part, index) => {
          cache.add(keys[index]!, cachedForm(part, lengths[index]!, batch));
        });
        return result;
      }
      const stored = blocks.map((block, index) => {
        const known = found[index];
        // Copy: the memory of the batch is reused.
        return known === 'incompressible' ? block.slice() : known;
      });
      if (missing.length > 0) {
        const rest = await compressor.compress({
          ...batch,
          ...pick(blocks, missing),
          room: undefined,
        });
        blocksOf(rest).forEach((part, at) => {
          const index = missing[at]!;
          stored[index] = part;
          cache.add(keys[index]!, cachedForm(part, blocks[index]!.length, batch));
        });
      }
      return inParts(stored as Uint8Array[], batch);
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
  return { data: Buffer.concat(picked), lengths: picked.map(({ length }) => length) };
}

function inParts(parts: readonly Uint8Array[], { data, room }: BlockBatch): CompressedBatch {
  return {
    get data() {
      return concatBytes(parts);
    },
    lengths: parts.map(({ length }) => length),
    parts,
    spent: room === undefined ? [data.buffer] : [data.buffer, room.buffer],
  };
}
