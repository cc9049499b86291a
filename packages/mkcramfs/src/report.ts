import { alignUp, type Endianness } from 'cramfs-format';
import type { BlockCounts, Chunk, Layout, Run } from './layout/layout.js';
import type { PlanNode } from './nodes.js';
import type { ResolvedOptions } from './options.js';

export type { BlockCounts };

/** What running a file in place means for the image. Sizes in bytes. */
export interface XipReport {
  /** Pages of the file stored in place. */
  readonly pages: number;
  /** Zeros after the file's end that make its last page mappable. */
  readonly padding: number;
  /** What the last page of the run is: whole, padded with zeros, or shared with other data. */
  readonly tail: 'whole' | 'padded' | 'shared';
  /** Additional bytes of flash compared with compressed, padding included; only if it was measured. */
  readonly cost: number | undefined;
}

export interface EntryReport {
  /** Byte string. */
  readonly path: string;
  readonly size: number;
  /** Bytes of the image that this entry adds to those before it, pointers included. */
  readonly stored: number;
  readonly blocks: BlockCounts;
  /** An earlier path with the same chunk: the two are one inode. */
  readonly sharedWith: string | undefined;
  readonly xip: XipReport | undefined;
}

/** The result of a build in figures. Sizes in bytes. */
export interface BuildReport {
  readonly size: number;
  readonly endianness: Endianness;
  readonly blockSize: number;
  readonly flags: number;
  /** Directory entries, the root included. */
  readonly files: number;
  readonly blocks: number;
  /** Sum of the sizes of files and symlinks as the tree has them. */
  readonly inputBytes: number;
  readonly directoryBytes: number;
  /** Pointer tables and the blocks that are not in place. */
  readonly dataBytes: number;
  readonly xipBytes: number;
  /** Everything else: alignment, tails of pages, the end of the image. */
  readonly paddingBytes: number;
  /** Files and symlinks with data, in the order of the image. */
  readonly entries: readonly EntryReport[];
}

/** Describes what `layout` has made of the tree. */
export function buildReport(layout: Layout, options: ResolvedOptions): BuildReport {
  const { blockSize, endianness } = options;
  const gapUsers = pagesShared(layout, blockSize);
  const reporter = new EntryReporter(blockSize, gapUsers);
  const entries = [...layout.chunks].map(([node, chunk]) => reporter.report(node, chunk));
  const sum = (sizes: readonly { size: number }[]): number =>
    sizes.reduce((total, { size }) => total + size, 0);
  const directoryBytes = layout.directories.end - layout.directories.start;
  const dataBytes = sum(layout.uniqueChunks);
  const xipBytes = sum(layout.runs);
  const headBytes = layout.directories.start;
  return {
    size: layout.size,
    endianness,
    blockSize,
    flags: layout.flags,
    files: layout.directories.entries.length + 1,
    blocks: layout.uniqueChunks.reduce((total, { pointerCount }) => total + pointerCount, 0),
    inputBytes: sum(entries),
    directoryBytes,
    dataBytes,
    xipBytes,
    paddingBytes: layout.size - headBytes - directoryBytes - dataBytes - xipBytes,
    entries,
  };
}

/** Runs with other data after them in their last page. */
function pagesShared({ runs, uniqueChunks }: Layout, blockSize: number): Set<Run> {
  const starts = [...runs, ...uniqueChunks].map(({ position }) => position).sort((a, b) => a - b);
  const next = (after: number): number => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! > after) high = middle;
      else low = middle + 1;
    }
    return starts[low] ?? Infinity;
  };
  return new Set(
    runs.filter((run) => next(run.position) < run.position + alignUp(run.size, blockSize)),
  );
}

class EntryReporter {
  private readonly blockSize: number;
  private readonly sharedTails: ReadonlySet<Run>;
  private readonly pathOf = new Map<Chunk, string>();
  private readonly counted = new Set<Run>();

  constructor(blockSize: number, sharedTails: ReadonlySet<Run>) {
    this.blockSize = blockSize;
    this.sharedTails = sharedTails;
  }

  report(node: PlanNode, chunk: Chunk): EntryReport {
    const { content } = chunk;
    const { size } = content;
    const sharedWith = this.pathOf.get(chunk);
    const blocks = { ...chunk.counts };
    if (sharedWith !== undefined) {
      blocks.shared = chunk.pointerCount;
      return { path: node.path, size, stored: 0, blocks, sharedWith, xip: this.xip(chunk) };
    }
    this.pathOf.set(chunk, node.path);
    // Chunks may share runs: only the first one counts them.
    const own = chunk.runs.filter((run) => !this.counted.has(run));
    for (const run of own) this.counted.add(run);
    const xip = this.xip(chunk);
    const stored =
      chunk.size +
      own.reduce((sum, run) => sum + run.size, 0) +
      (own.length > 0 ? (xip?.padding ?? 0) : 0);
    return { path: node.path, size, stored, blocks, sharedWith, xip };
  }

  private xip({ content, runs }: Chunk): XipReport | undefined {
    if (content.xipRanges.length === 0) return undefined;
    const { blockSize } = this;
    const pages = content.xipRanges.reduce((sum, { first, end }) => sum + end - first, 0);
    const raw = content.blocks.reduce(
      (sum, block) => sum + (block.kind === 'xip' ? block.size : 0),
      0,
    );
    const run = runs.at(-1);
    const shared = run !== undefined && this.sharedTails.has(run);
    const partial = run === undefined ? 0 : run.size % blockSize;
    const padding = partial === 0 || shared ? 0 : blockSize - partial;
    return {
      pages,
      padding,
      tail: partial === 0 ? 'whole' : shared ? 'shared' : 'padded',
      cost:
        content.xipCompressedSize === undefined
          ? undefined
          : raw + padding - content.xipCompressedSize,
    };
  }
}
