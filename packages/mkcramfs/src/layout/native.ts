import {
  CRAMFS_FLAG_EXT_BLOCK_POINTERS,
  CRAMFS_FLAG_FSID_VERSION_2,
  CRAMFS_FLAG_HOLES,
  CRAMFS_FLAG_SHIFTED_ROOT_OFFSET,
  CRAMFS_FLAG_SORTED_DIRS,
  CRAMFS_INODE_SIZE,
  CRAMFS_MAXPATHLEN,
  CRAMFS_PAD_SIZE,
  CRAMFS_SUPER_SIZE,
  alignUp,
  nameToText,
} from 'cramfs-format';
import type { Content } from '../content.js';
import { preOrder, sameAttributes, type PlanNode } from '../nodes.js';
import type { ResolvedOptions } from '../options.js';
import { BlockShares } from './block-shares.js';
import { buildChunk, buildRuns } from './chunk.js';
import { layoutDirectories, type DirectoryLayout } from './directories.js';
import type { Chunk, Layout, Run } from './layout.js';
import { placeXipRegion } from './xip-region.js';

/** Linux reads a directory entry through a window of this many bytes (kernel fact K3). */
const ENTRY_WINDOW = CRAMFS_INODE_SIZE + CRAMFS_MAXPATHLEN;

/**
 * This project's own layout: superblock, directories, chunks in the order of the tree, and last
 * the XIP region, so that alignment is paid once and every chunk stays in reach of an inode.
 *
 * @param head of the same tree with the same options.
 * @param made chunks of contents that have been made already.
 */
export function layoutNative(
  root: PlanNode,
  contents: ReadonlyMap<PlanNode, Content>,
  options: ResolvedOptions,
  head: LayoutHead = layoutHead(root, options),
  made?: ReadonlyMap<Content, Chunk>,
): Layout {
  const { chunks, uniqueChunks, runs, tails } = buildChunks(root, contents, options, made);

  const region = placeXipRegion(runs, uniqueChunks, tails, options);
  let end = head.directories.end;
  for (const chunk of uniqueChunks) {
    if (region.inGaps.has(chunk)) continue;
    chunk.position = end;
    end += chunk.size;
  }
  if (runs.length > 0) {
    const start = alignUp(end, region.alignment);
    for (const anchor of [...runs, ...region.inGaps]) anchor.position += start;
    end = start + region.size;
  }
  end = Math.max(end, leastSize(head.directories));
  return {
    ...head,
    endianness: options.endianness,
    insert: options.insert,
    chunks,
    uniqueChunks,
    runs,
    residues: [],
    size: imageSize(end, options),
    flags: changedFlags(superblockFlags(uniqueChunks, options), options),
  };
}

/** Where an image ends at the earliest: Linux reads the last directory entry through a window. */
export function leastSize({ entries }: DirectoryLayout): number {
  const last = entries.at(-1);
  return last === undefined ? 0 : last.offset + ENTRY_WINDOW;
}

export type LayoutHead = Pick<Layout, 'superblockOffset' | 'directories'>;

/** The places of the superblock and the directories, which are the same in every layout. */
export function layoutHead(root: PlanNode, options: ResolvedOptions): LayoutHead {
  const superblockOffset = options.pad ? CRAMFS_PAD_SIZE : 0;
  const start = superblockOffset + CRAMFS_SUPER_SIZE + alignUp(options.insert.length, 4);
  return { superblockOffset, directories: layoutDirectories(root, start) };
}

/** Bytes of an image whose data end at `end`. */
export function imageSize(
  end: number,
  { leastSize: least, sizeAlignment }: ResolvedOptions,
): number {
  return alignUp(Math.max(end, least), sizeAlignment);
}

/** The flags, with those of another image's superblock. */
export function changedFlags(flags: number, { superblock }: ResolvedOptions): number {
  if (superblock === undefined) return flags;
  return ((flags | superblock.setFlags) & ~superblock.clearFlags) >>> 0;
}

/** The flags that the image's own features call for. */
export function superblockFlags(chunks: readonly Chunk[], options: ResolvedOptions): number {
  const extended = chunks.some(({ counts }) => counts.direct > 0 || counts.uncompressed > 0);
  const holes = chunks.some(({ counts }) => counts.holes > 0);
  return (
    CRAMFS_FLAG_FSID_VERSION_2 |
    CRAMFS_FLAG_SORTED_DIRS |
    (holes ? CRAMFS_FLAG_HOLES : 0) |
    (extended ? CRAMFS_FLAG_EXT_BLOCK_POINTERS : 0) |
    (options.insert.length > 0 ? CRAMFS_FLAG_SHIFTED_ROOT_OFFSET : 0)
  );
}

/** Nodes that share a chunk, in the order of the tree. */
interface ChunkGroup {
  readonly content: Content;
  readonly nodes: PlanNode[];
}

/**
 * One chunk per content and owner: Linux makes one inode of names that share a chunk, so they must
 * agree in everything an inode holds (kernel fact K2). Runs have no inode: with an MMU equal contents
 * share them whatever their owners. Without one that would stop the kernel (kernel fact K22).
 */
function buildChunks(
  root: PlanNode,
  contents: ReadonlyMap<PlanNode, Content>,
  { blockSize, extendedPointers, xip, onProblem }: ResolvedOptions,
  made?: ReadonlyMap<Content, Chunk>,
) {
  const groups = chunkGroups(root, contents);

  const shares = extendedPointers
    ? new BlockShares(
        groups.map(({ content }) => content),
        { blockSize, uncompressed: xip.mode !== 'nommu' },
      )
    : undefined;
  const runsOf = new Map<Content, { readonly path: string; readonly runs: Run[] }>();
  const runs: Run[] = [];
  const tails = new Map<Run, ReturnType<typeof xip.tail>>();
  const chunks = new Map<PlanNode, Chunk>();
  const uniqueChunks: Chunk[] = [];
  for (const { content, nodes } of groups) {
    const { path } = nodes[0]!;
    let own = runsOf.get(content);
    const isTwin = own !== undefined && own.runs.length > 0 && xip.mode === 'nommu';
    if (isTwin) {
      const message = twinProblem(own!.path);
      onProblem({ severity: 'warning', kind: 'no-mmu', path, message });
    }
    if (own === undefined || isTwin) {
      own = { path, runs: buildRuns(content, blockSize) };
      runsOf.set(content, own);
      runs.push(...own.runs);
      for (const run of own.runs) tails.set(run, xip.tail(path));
    }
    const chunk = made?.get(content) ?? buildChunk(content, own.runs, shares, blockSize);
    uniqueChunks.push(chunk);
    for (const node of nodes) chunks.set(node, chunk);
  }
  return { chunks, uniqueChunks, runs, tails };
}

function chunkGroups(root: PlanNode, contents: ReadonlyMap<PlanNode, Content>): ChunkGroup[] {
  const groups: ChunkGroup[] = [];
  const firstOf = new Map<Content, ChunkGroup>();
  /** By owner, the groups of contents that have more than one: few. */
  const othersOf = new Map<Content, Map<string, ChunkGroup>>();
  for (const node of preOrder(root)) {
    const content = contents.get(node);
    if (content === undefined) continue;
    const first = firstOf.get(content);
    if (first !== undefined && sameAttributes(first.nodes[0]!, node)) {
      first.nodes.push(node);
      continue;
    }
    const { mode, uid, gid } = node.entry;
    const owner = `${mode} ${uid} ${gid}`;
    const other = first && othersOf.get(content)?.get(owner);
    if (other !== undefined) {
      other.nodes.push(node);
      continue;
    }
    const group: ChunkGroup = { content, nodes: [node] };
    groups.push(group);
    if (first === undefined) firstOf.set(content, group);
    else
      othersOf.set(
        content,
        (othersOf.get(content) ?? new Map<string, ChunkGroup>()).set(owner, group),
      );
  }
  return groups;
}

function twinProblem(path: string): string {
  return (
    `equal to ${nameToText(path)}, but for its mode or owner: both are stored in place, as to share ` +
    'the pages would stop a kernel without an MMU (kernel fact K22)'
  );
}
