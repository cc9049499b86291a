import { inflateJobs, type BlockFailure, type JobColumns } from '../check/inflate.js';
import type { BlockCodec, BlockMethod } from '../zlib.js';
import { sharedColumn, sharedWord, type Share } from './threads/share.js';
import { nodeZlib } from './zlib.js';

/** The number of blocks in an item: about 2 ms of work. */
const BLOCKS = 256;

/** Blocks to inflate. */
export interface InflateShare extends Share, JobColumns {}

export interface InflateSettings {
  readonly blockSize: number;
  readonly method: BlockMethod;
}

export function inflateShareOf({ starts, lengths, wanted }: JobColumns): InflateShare {
  return {
    items: Math.ceil(starts.length / BLOCKS),
    taken: sharedWord(),
    starts: sharedColumn(starts),
    lengths: sharedColumn(lengths),
    wanted: sharedColumn(wanted),
  };
}

/** The number of blocks in an item. */
export function blocksOfItem({ starts }: InflateShare, item: number): number {
  return Math.min(BLOCKS, starts.length - item * BLOCKS);
}

/**
 * Inflates the blocks of an item.
 *
 * @param bytes the image from its byte 0.
 * @returns failures; their jobs count from the first one of the share.
 */
export function inflateItem(
  share: InflateShare,
  item: number,
  bytes: Uint8Array,
  blockSize: number,
  codec: BlockCodec,
): BlockFailure[] {
  const from = item * BLOCKS;
  const to = from + blocksOfItem(share, item);
  const jobs = {
    starts: share.starts.subarray(from, to),
    lengths: share.lengths.subarray(from, to),
    wanted: share.wanted.subarray(from, to),
  };
  return inflateJobs(bytes, jobs, blockSize, codec).map((failure) => ({
    ...failure,
    job: from + failure.job,
  }));
}

/** {@link inflateItem} for threads. */
export async function inflateShares(
  bytes: Uint8Array,
  { blockSize, method }: InflateSettings,
): Promise<(share: InflateShare, item: number) => BlockFailure[]> {
  const codec = method === 'lzma' ? (await import('../lzma.js')).lzmaInflater : nodeZlib;
  return (share, item) => inflateItem(share, item, bytes, blockSize, codec);
}
