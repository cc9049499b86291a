import {
  DIRECT_ALIGNMENT,
  DIRECT_LENGTH_SIZE,
  alignUp,
  crc32 as portableCrc32,
} from 'cramfs-format';
import type { BuildBackend } from './build.js';
import type { Content } from './content.js';
import { gatherContents } from './gather.js';
import type { Chunk, Layout } from './layout/layout.js';
import { maxImageSize } from './limits.js';
import { layoutNative, leastSize } from './layout/native.js';
import { planNodes, type PlanNode } from './nodes.js';
import { resolveOptions, type BuildOptions, type ResolvedOptions } from './options.js';
import { unplannable } from './planned-content.js';
import { buildReport, type BuildReport } from './report.js';
import { storeInPlace } from './store-in-place.js';
import type { DirectoryEntry, FileEntry } from './tree.js';
import { walkTree } from './walk.js';
import type { ImageSink } from './image-sink.js';
import { writeImage } from './write-image.js';
import { plannedChoice, sectionsOf, type PlannedFile, type PlannedSpan } from './xip-plan.js';
import { mergeRanges, type BlockRange, type XipCandidates } from './xip-ranges.js';

/** Content with pages that may be in place, however many files have it. */
export interface SurveyedFile {
  /** Files that have it, in the order of the image; byte strings. */
  readonly paths: readonly string[];
  /** Size in bytes. */
  readonly size: number;
  /** The parts of it that kernels map. */
  readonly candidates: XipCandidates;
  /** Bytes of each block, compressed; 0 for a hole. */
  readonly stored: readonly number[];
  /** How often it is stored: names of another owner or mode have blocks of their own. */
  readonly chunks: number;
}

/** How much flash an image takes, as a function of what is in place. See {@link plannedSize}. */
export interface FlashSurvey {
  readonly blockSize: number;
  readonly mmu: boolean;
  /** What the start of a run in place is a multiple of. */
  readonly alignment: number;
  /** Bytes that no choice changes. */
  readonly fixed: number;
  /** The minimum and the maximum size of the image, in bytes. */
  readonly least: number;
  readonly most: number;
  readonly files: readonly SurveyedFile[];
  /** By path, the parts of a file that cannot be in place, or only without their last page. */
  readonly refusals: ReadonlyMap<string, XipCandidates['refusals']>;
}

/** A tree that is compressed once, for every image with some choice of what is in place. */
export interface SurveyedTree {
  readonly survey: FlashSurvey;
  /**
   * Makes the image that buildImage() makes with such a plan, without compressing anything again. It may be
   * larger than the format allows: it is for inspection, not for use.
   *
   * @param plan for the first path of each surveyed file: its spans, with what is in place in each.
   * @throws CramfsError BAD_REQUEST, BAD_SOURCE.
   */
  build(plan: (path: string) => PlannedFile | undefined, sink: ImageSink): Promise<BuildReport>;
}

/** The parts of a file that may be in place. @param path byte string. */
export type CandidatesOf = (path: string, content: Uint8Array) => XipCandidates;

/**
 * Compresses a tree once and tells how much flash each choice of pages in place would take: exactly the size
 * of the image that buildImage() makes with such a plan. Costs add up, since in a planned image no section
 * changes what another takes (docs/plan.md).
 *
 * @param options `xip.mode` is `mmu` or `nommu`; `xip.plan` is ignored.
 * @throws what buildImage() throws.
 */
export async function surveyFlash(
  root: DirectoryEntry,
  options: BuildOptions,
  candidatesOf: CandidatesOf,
  { compressor, crc32 = portableCrc32 }: Omit<BuildBackend, 'sink'>,
): Promise<SurveyedTree> {
  const found = await findCandidates(root, candidatesOf);
  const wishes = new Map<string, PlannedFile>();
  for (const [path, { spans }] of found) {
    if (spans.length > 0)
      wishes.set(path, { spans: spans.map((span) => ({ ...span, inPlace: 0 })) });
  }
  const resolved = resolveOptions({
    ...options,
    xip: { mode: 'mmu', ...options.xip, plan: (path) => wishes.get(path) },
  });
  const { blockSize, xip } = resolved;
  const mmu = xip.mode === 'mmu';
  const tree = planNodes(root);
  let contents = await gatherContents(tree, resolved, compressor, crc32);
  const lost = unplannable(contents, blockSize);
  if (lost.length > 0) {
    for (const { path } of lost) wishes.delete(path);
    contents = await gatherContents(tree, resolved, compressor, crc32);
  }
  const layout = layoutNative(tree, contents, resolved);
  const files = surveyedFiles(layout, found);
  const alignment = mmu ? blockSize : xip.align;
  const survey = {
    blockSize,
    mmu,
    alignment,
    least: leastSize(layout.directories),
    most: maxImageSize(blockSize),
    files,
  };
  const nothing = files.reduce((sum, file) => sum + spanBytes(file, wishOf(file), survey), 0);
  const stored = layout.uniqueChunks.reduce((sum, { size }) => sum + size, 0);
  const complete: FlashSurvey = {
    ...survey,
    fixed: layout.directories.end + stored - nothing,
    refusals: new Map(
      [...found].flatMap(([path, { refusals }]) =>
        refusals.length === 0 ? [] : [[path, refusals] as const],
      ),
    ),
  };
  return {
    survey: complete,
    async build(plan, sink) {
      const planned = await inPlace(contents, plan, resolved);
      const placed = layoutNative(tree, planned, resolved);
      writeImage(tree, placed, resolved, sink, crc32);
      return buildReport(placed, resolved);
    },
  };
}

/** The contents with pages in place as planned: their bytes are read again. */
async function inPlace(
  contents: ReadonlyMap<PlanNode, Content>,
  plan: (path: string) => PlannedFile | undefined,
  { blockSize, xip }: ResolvedOptions,
): Promise<Map<PlanNode, Content>> {
  const changed = new Map<Content, Content>();
  const planned = new Map<PlanNode, Content>();
  for (const [node, content] of contents) {
    let own = changed.get(content);
    if (own === undefined) {
      own = content;
      const file = content.sections.length === 0 ? undefined : plan(node.path);
      if (file !== undefined && node.entry.type === 'file') {
        const bytes = await node.entry.read();
        const { ranges } = plannedChoice(file, bytes, { blockSize, mmu: xip.mode === 'mmu' });
        own = { ...content, blocks: [...content.blocks], xipRanges: ranges };
        storeInPlace(own, bytes, blockSize);
      }
      changed.set(content, own);
    }
    planned.set(node, own);
  }
  return planned;
}

async function findCandidates(
  root: DirectoryEntry,
  candidatesOf: CandidatesOf,
): Promise<Map<string, XipCandidates>> {
  const found = new Map<string, XipCandidates>();
  const byRead = new Map<FileEntry['read'], XipCandidates>();
  for (const { path, entry } of walkTree(root)) {
    if (entry.type !== 'file' || entry.size === 0) continue;
    const known = byRead.get(entry.read);
    const candidates = known ?? candidatesOf(path, await entry.read());
    byRead.set(entry.read, candidates);
    found.set(path, candidates);
  }
  return found;
}

function surveyedFiles(
  { chunks }: Layout,
  found: ReadonlyMap<string, XipCandidates>,
): SurveyedFile[] {
  const byContent = new Map<Content, { readonly paths: string[]; readonly chunks: Set<Chunk> }>();
  for (const [{ path }, chunk] of chunks) {
    const { content } = chunk;
    if (content.sections.length === 0) continue;
    const group = byContent.get(content) ?? { paths: [], chunks: new Set() };
    byContent.set(content, group);
    group.paths.push(path);
    group.chunks.add(chunk);
  }
  return [...byContent].map(([{ size, blocks }, group]) => ({
    paths: group.paths,
    size,
    candidates: found.get(group.paths[0]!)!,
    stored: blocks.map(({ length }) => length),
    chunks: group.chunks.size,
  }));
}

function wishOf({ candidates }: SurveyedFile): PlannedSpan[] {
  return candidates.spans.map(({ first, end }) => ({ first, end, inPlace: 0 }));
}

/**
 * Bytes of flash that spans of a file take, in place and compressed together. The spans of different
 * sections add up; those of one section must be given together.
 */
export function spanBytes(
  { size, stored, chunks }: Pick<SurveyedFile, 'size' | 'stored' | 'chunks'>,
  spans: readonly PlannedSpan[],
  { blockSize, mmu, alignment }: Pick<FlashSurvey, 'blockSize' | 'mmu' | 'alignment'>,
): number {
  const runs = mergeRanges(spans.map(({ first, inPlace }) => ({ first, end: first + inPlace })));
  const raw = runs.reduce((sum, { first, end }) => {
    const bytes = Math.min(end * blockSize, size) - first * blockSize;
    return sum + alignUp(bytes, alignment);
  }, 0);
  let compressed = 0;
  for (const section of sectionsOf(spans)) {
    for (const stretch of stretches(section, runs)) compressed += stretchBytes(stored, stretch);
  }
  // Without an MMU two inodes must not share a page in place (kernel fact K22).
  return raw * (mmu ? 1 : chunks) + compressed * chunks;
}

/** The parts of a section between runs. */
function* stretches(
  { first, end }: BlockRange,
  runs: readonly BlockRange[],
): Generator<BlockRange> {
  let at = first;
  for (const run of runs) {
    if (run.end <= at || run.first >= end) continue;
    if (run.first > at) yield { first: at, end: run.first };
    at = run.end;
  }
  if (at < end) yield { first: at, end };
}

function stretchBytes(stored: readonly number[], { first, end }: BlockRange): number {
  let bytes = 0;
  for (let index = first; index < end; index += 1) bytes += stored[index]!;
  return bytes === 0 ? 0 : streamBytes(bytes, first);
}

/**
 * The exact size of the image whose sections take so many bytes in all: that of buildImage().
 *
 * @param bytes the sum of {@link spanBytes} of all sections.
 */
export function plannedSize(
  { fixed, least, blockSize }: Pick<FlashSurvey, 'fixed' | 'least' | 'blockSize'>,
  bytes: number,
): number {
  return alignUp(Math.max(fixed + bytes, least), blockSize);
}

/**
 * {@link spanBytes} of a part that shares no page with another, for 0, 1, ... pages in place, all at once.
 */
export function prefixBytes(
  file: Pick<SurveyedFile, 'size' | 'stored' | 'chunks'>,
  { first, end }: BlockRange,
  survey: Pick<FlashSurvey, 'blockSize' | 'mmu' | 'alignment'>,
): Float64Array {
  const { size, stored, chunks } = file;
  const { blockSize, mmu, alignment } = survey;
  const bytes = new Float64Array(end - first + 1);
  let left = 0;
  for (let at = end; at >= first; at -= 1) {
    if (at < end) left += stored[at]!;
    const raw = at === first ? 0 : Math.min(at * blockSize, size) - first * blockSize;
    const compressed = left === 0 ? 0 : streamBytes(left, at);
    bytes[at - first] = alignUp(raw, alignment) * (mmu ? 1 : chunks) + compressed * chunks;
  }
  return bytes;
}

/** The first block of a stretch has a direct pointer, unless it is the first of the file. */
function streamBytes(bytes: number, first: number): number {
  return alignUp(bytes + (first > 0 ? DIRECT_LENGTH_SIZE : 0), DIRECT_ALIGNMENT);
}

/**
 * The compressed size of stretches within a section, computed once: a function of their first block and their
 * end.
 */
export function stretchSizes(
  { stored }: Pick<SurveyedFile, 'stored'>,
  { first, end }: BlockRange,
): (from: number, to: number) => number {
  const before = new Float64Array(end - first + 1);
  for (let index = first; index < end; index += 1) {
    before[index - first + 1] = before[index - first]! + stored[index]!;
  }
  return (from, to) => {
    const bytes = before[to - first]! - before[from - first]!;
    return bytes === 0 ? 0 : streamBytes(bytes, from);
  };
}
