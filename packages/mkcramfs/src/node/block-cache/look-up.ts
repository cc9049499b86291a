import { concatBytes } from 'cramfs-format';
import type { BlockBatch, CompressedBatch } from '../../block-batch.js';
import { blocksOf, enlarged } from '../../pack-blocks.js';
import { blockKey } from './known-packs.js';
import type { CachedBlock } from './pack.js';

/** What has compressed blocks by the keys of their contents. Bytes are valid until the next call. */
export interface BlockFinder {
  find(key: string): CachedBlock | undefined;
}

/** What a thread is asked: to look for a batch in the packs whose paths start with `base`. */
export interface LookUpQuestion {
  readonly base: string;
  readonly batch: BlockBatch;
}

/** What is known of a batch. Threads can be told, and can tell: it is all data. */
export interface LookedUp {
  readonly batch: BlockBatch;
  /** The blocks that are known as they will be stored, one after the other: the room of the batch, if it has one. */
  readonly found: Uint8Array;
  /** How many bytes they have. */
  readonly lengths: readonly number[];
  /** The indexes of all other blocks in the batch, and their keys. */
  readonly missing: readonly number[];
  readonly keys: readonly string[];
}

/** Looks for the blocks of a batch. */
export function lookUp(batch: BlockBatch, finder: BlockFinder): LookedUp {
  const { data, room } = batch;
  let found = room ?? new Uint8Array(data.length);
  let end = 0;
  const lengths: number[] = [];
  const missing: number[] = [];
  const keys: string[] = [];
  blocksOf(batch).forEach((block, index) => {
    const key = blockKey(block);
    const known = finder.find(key);
    if (known === undefined) {
      missing.push(index);
      keys.push(key);
      return;
    }
    const stored = known === 'incompressible' ? block : known;
    if (end + stored.length > found.length) found = enlarged(found, end + stored.length);
    found.set(stored, end);
    end += stored.length;
    lengths.push(stored.length);
  });
  return { batch, found, lengths, missing, keys };
}

/** The memory that a batch has been looked up in. */
export function memoryOf({ batch: { data, room }, found }: LookedUp): ArrayBufferLike[] {
  return [...new Set([data.buffer, found.buffer, ...(room === undefined ? [] : [room.buffer])])];
}

/** The result if no block is missing. */
export function foundBatch(looked: LookedUp): CompressedBatch {
  const { batch, found, lengths } = looked;
  const bytes = found.subarray(
    0,
    lengths.reduce((sum, length) => sum + length, 0),
  );
  return {
    data: batch.room === undefined ? bytes.slice() : bytes,
    lengths,
    spent: memoryOf(looked).filter((buffer) => buffer !== found.buffer),
  };
}

/** The blocks that are missing, to be compressed. */
export function missingBatch({ batch, missing }: LookedUp): BlockBatch {
  if (missing.length === batch.lengths.length) return batch;
  const blocks = blocksOf(batch);
  const picked = missing.map((index) => blocks[index]!);
  const lengths = picked.map(({ length }) => length);
  return { ...batch, data: concatBytes(picked), lengths, room: undefined };
}

/** The result with the {@link missingBatch} compressed. */
export function mixedBatch(looked: LookedUp, rest: CompressedBatch): CompressedBatch {
  const { batch, found, lengths, missing } = looked;
  if (missing.length === batch.lengths.length) return rest;
  const all = blocksOf({ data: found, lengths });
  const parts = blocksOf(rest);
  missing.forEach((index, at) => all.splice(index, 0, parts[at]!));
  return {
    data: concatBytes(all),
    lengths: all.map(({ length }) => length),
    spent: memoryOf(looked),
  };
}
