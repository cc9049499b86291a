import { concatBytes } from 'cramfs-format';
import {
  memoryOfBatch,
  spentMemory,
  type BlockBatch,
  type CompressedBatch,
} from '../../block-batch.js';
import { BlockPacker, blocksOf } from '../../pack-blocks.js';
import type { BatchReader } from '../batch-reader.js';
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

/** What is known of a batch. Threads can tell it: it is all data. */
export interface LookedUp {
  /** The blocks that are known as they will be stored, one after the other: in the room of the batch, if it has one. */
  readonly found: Uint8Array;
  /** How many bytes they have. */
  readonly lengths: readonly number[];
  /** The indexes of all other blocks in the batch, their keys, and a batch of them. */
  readonly missing: readonly number[];
  readonly keys: readonly string[];
  readonly rest: BlockBatch;
  /** Memory of the batch that is no longer needed. */
  readonly spent: readonly ArrayBufferLike[];
}

/**
 * Looks for the blocks of a batch. Its memory may become that of what is found and of what is not.
 *
 * @throws CramfsError BAD_SOURCE: see {@link BatchReader}.
 */
export function lookUp(batch: BlockBatch, finder: BlockFinder, reader: BatchReader): LookedUp {
  const { room, codec, keepIncompressible } = batch;
  const whole = reader.read(batch);
  const blocks = blocksOf(whole);
  const packer = new BlockPacker(room ?? NOTHING);
  const missing: number[] = [];
  const keys: string[] = [];
  blocks.forEach((block, index) => {
    const key = blockKey(block);
    const known = finder.find(key);
    if (known === undefined) {
      missing.push(index);
      keys.push(key);
    } else {
      packer.add(known === 'incompressible' ? block : known);
    }
  });
  const isNew = missing.length === blocks.length;
  const parts = missing.map((index) => blocks[index]!);
  const rest: BlockBatch = {
    // What was read is in memory of the reader.
    data: isNew && whole === batch ? batch.data : concatBytes(parts),
    lengths: parts.map(({ length }) => length),
    room: isNew ? room : undefined,
    codec,
    keepIncompressible,
  };
  const { bytes, lengths } = packer;
  const found = isNew ? NOTHING : room === undefined ? bytes.slice() : bytes;
  const spent = spentMemory(batch, [found.buffer, ...memoryOfBatch(rest)]);
  return { found, lengths, missing, keys, rest, spent };
}

const NOTHING = new Uint8Array(0);

/** All memory of what is known of a batch. */
export function memoryOf({ found, rest, spent }: LookedUp): ArrayBufferLike[] {
  const memory = [found.buffer, ...memoryOfBatch(rest), ...spent];
  return memory.filter(({ byteLength }) => byteLength > 0);
}

/** The result if no block is missing. */
export function foundBatch({ found, lengths, spent }: LookedUp): CompressedBatch {
  return { data: found, lengths, spent };
}

/** The result with the rest compressed. */
export function mixedBatch(looked: LookedUp, rest: CompressedBatch): CompressedBatch {
  const { found, lengths, missing, spent } = looked;
  if (lengths.length === 0) return { ...rest, spent: [...rest.spent, ...spent] };
  const all = blocksOf({ data: found, lengths });
  const parts = blocksOf(rest);
  missing.forEach((index, at) => all.splice(index, 0, parts[at]!));
  return {
    data: concatBytes(all),
    lengths: all.map(({ length }) => length),
    spent: [...spent, found.buffer, ...rest.spent],
  };
}
