import { accessSync, constants, existsSync, mkdirSync, opendirSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { threadsThatFit } from 'cramfs-archive/node';
import { memoryOfBatch, type BlockBatch } from '../../block-batch.js';
import { blocksOf } from '../../pack-blocks.js';
import type { WorkerCompressor } from '../worker-compressor.js';
import { BatchReader } from '../batch-reader.js';
import { startWorker } from '../worker-file.js';
import { WorkerThread } from '../worker-thread.js';
import { BlockCache } from './block-cache.js';
import { packsIn } from './known-packs.js';
import { foundBatch, lookUp, mixedBatch, type LookUpQuestion, type LookedUp } from './look-up.js';
import type { CachedBlock } from './pack.js';

/** Fewer bytes than this are looked up before a thread has started. */
const MIN_BYTES = 4 * 2 ** 20;
/** Batches on their way to the thread, while the calling one has to look at small files itself. */
const AHEAD = 15;
/** If it has so many of them, the calling thread looks one up itself. */
const ENOUGH = 8;

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
 * A compressor with more than one thread gets one more, which looks for the blocks, if there are blocks to be
 * found and enough to look for.
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
  const reader = new BatchReader();
  let mayStart = compressor.threads > 1 && packsIn(directory).length > 0;
  let expected = 0;
  let isHelping = false;
  let thread: WorkerThread<LookUpQuestion, LookedUp> | undefined;
  let ended: Promise<void> | undefined;
  const endThread = (): void => {
    ended ??= thread?.close();
    thread = undefined;
  };
  /** On the thread, unless that has enough to do while this one has nothing. */
  const lookUpSomewhere = async (batch: BlockBatch, cache: BlockCache): Promise<LookedUp> => {
    if (thread === undefined || !cache.suitsThread) return lookUp(batch, cache, reader);
    if (thread.pending < ENOUGH || isHelping) {
      return thread.ask({ base: cache.base, batch }, memoryOfBatch(batch));
    }
    isHelping = true;
    try {
      const looked = lookUp(batch, cache, reader);
      // Let the answers of the thread in.
      await setImmediate();
      return looked;
    } finally {
      isHelping = false;
    }
  };
  return {
    threads: compressor.threads,
    // Without the thread, the caller may as well read them where they are to be compressed.
    get readsFiles() {
      return thread !== undefined;
    },
    get capacity() {
      return compressor.capacity + (thread === undefined ? 0 : AHEAD);
    },
    counts,
    rest() {
      compressor.rest?.();
      endThread();
    },
    // The compressor is not told: how many bytes it will get is not known before the cache is asked.
    expect(bytes) {
      expected += bytes;
      if (!mayStart || expected < MIN_BYTES) return;
      mayStart = false;
      if (threadsThatFit(1) === 1)
        thread = new WorkerThread(startWorker('mkcramfs/look-up-worker'));
    },
    async compress(batch) {
      const cache = cacheFor(batch);
      const looked = await lookUpSomewhere(batch, cache);
      const { missing, keys } = looked;
      counts.blocks += batch.lengths.length;
      counts.found += batch.lengths.length - missing.length;
      if (missing.length === 0) return foundBatch(looked);
      const rest = await compressor.compress(looked.rest);
      blocksOf(rest).forEach((part, at) => {
        cache.add(keys[at]!, cachedForm(part, batch.lengths[missing[at]!]!, batch));
      });
      return mixedBatch(looked, rest);
    },
    commit() {
      for (const [name, cache] of caches) {
        caches.delete(name);
        cache.commit(limit);
      }
    },
    async close() {
      for (const cache of caches.values()) cache.abort();
      endThread();
      await ended;
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
