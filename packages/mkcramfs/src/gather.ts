import {
  CramfsError,
  InvariantError,
  S_ISVTX,
  blockCount,
  equalBytes,
  nameToBytes,
  nameToText,
} from 'cramfs-format';
import type { ChunkStream } from './chunk-stream.js';
import { BlockQueue } from './block-queue.js';
import type { BlockCompressor } from './block-batch.js';
import type { Content } from './content.js';
import { preOrder, sameAttributes, type PlanNode } from './nodes.js';
import type { ResolvedOptions } from './options.js';
import type { StoredContent } from './stored-content.js';
import type { Crc32 } from './image-sink.js';
import type { FileEntry, FilePlace } from './tree.js';
import { withGzippedData } from './flat-gzip-data.js';
import { storeContent, storeUnread, streamContent } from './store-content.js';
import { NOTHING_IN_PLACE, xipChoice, xipWish, type XipWish } from './xip-policy.js';
import type { BlockRange, XipChoice } from './xip-ranges.js';

/** A content that later files of the same size are compared with. */
interface Known {
  readonly node: PlanNode;
  readonly content: Content;
  readonly choice: XipChoice;
}

/**
 * Takes every file and symlink, in order, and compresses what is new: files with equal bytes (and equal XIP
 * ranges) get the same {@link Content}. A file that nothing here has to look at is left to the compressor to read.
 *
 * @param stream takes the contents as soon as they are complete. Then files whose chunks differ, as their modes
 * or owners do, get contents of their own.
 * @throws CramfsError BAD_SOURCE if a file cannot be read or changed its size meanwhile.
 */
export async function gatherContents(
  root: PlanNode,
  options: ResolvedOptions,
  compressor: BlockCompressor,
  crc32: Crc32,
  stream?: ChunkStream,
): Promise<Map<PlanNode, Content>> {
  const nodes = preOrder(root).filter((node) => contentSize(node) > 0);
  const sizes = new Map<number, number>();
  let total = 0;
  for (const node of nodes) {
    const size = contentSize(node);
    sizes.set(size, (sizes.get(size) ?? 0) + 1);
    total += size;
  }

  let done = 0;
  const form = {
    codec: options.codec,
    keepIncompressible: options.extendedPointers && options.compat === undefined,
  };
  const queue = new BlockQueue(compressor, form, stream !== undefined);
  if (stream !== undefined) {
    stream.giveBack = (data) => {
      queue.giveBack(data);
    };
  }
  const known = new Map<string, Known[]>();
  const contents = new Map<PlanNode, Content>();
  const choices = new ChoiceReport(options);
  const links = new HardLinks(nodes, stream !== undefined);
  const store = (
    bytes: Uint8Array,
    choice: XipChoice,
    taken: StoredContent | undefined,
  ): Promise<Content> =>
    stream === undefined
      ? storeContent(bytes, choice, options, queue, taken)
      : streamContent(bytes, options, queue, stream);
  for (const node of nodes) {
    const size = contentSize(node);
    const wish =
      node.entry.type === 'file' ? xipWish(node.path, node.entry.mode, options) : 'nothing';
    const linked = links.find(node, wish);
    if (linked !== undefined) {
      choices.note(node, linked.choice);
      contents.set(node, linked.content);
      done += size;
      continue;
    }
    const place = mayStayUnread(wish, options, compressor) ? placeOf(node) : undefined;
    if (place !== undefined && sizes.get(size) === 1) {
      contents.set(node, await storeUnread(place, size, options, queue, stream));
      done += size;
      options.onProgress(done, total);
      continue;
    }
    let bytes = await readContent(node);
    const taken = storedAs(node, options);
    const takenChoice = storedChoice(node, taken, bytes, options);
    const { stored = bytes, choice } =
      takenChoice === undefined
        ? chooseContent(wish, bytes, options)
        : { stored: bytes, choice: takenChoice };
    choices.note(node, choice);
    let content: Content | undefined;
    if (sizes.get(size)! > 1) {
      const key = `${size}:${crc32(bytes, 0)}`;
      const equals = known.get(key) ?? [];
      const candidates =
        stream === undefined
          ? equals
          : equals.filter((candidate) => sameAttributes(candidate.node, node));
      // Copy: reading the candidates overwrites what was read last.
      if (candidates.length > 0) bytes = bytes.slice();
      const wanted = wish === 'equal' ? undefined : choice;
      // Share the blocks of the equal file, so that the division of the file does not show.
      const asked = taken === undefined ? wanted : { ...choice, sections: undefined };
      content = await findEqual(candidates, node, bytes, asked);
      if (content === undefined) {
        content = await store(stored, choice, taken);
        known.set(key, [...equals, { node, content, choice }]);
      }
    } else {
      content = await store(stored, choice, taken);
    }
    links.add(node, wish, { content, choice });
    contents.set(node, content);
    done += size;
    options.onProgress(done, total);
  }
  await queue.finish();
  choices.report();
  return contents;
}

/**
 * True if nothing here has to look at a file: what compresses its blocks can read them. The tools
 * that `compat` is about keep traces of a file's bytes.
 */
function mayStayUnread(
  wish: XipWish,
  { holes, reuse, compat, dialect }: ResolvedOptions,
  { readsFiles = false }: BlockCompressor,
): boolean {
  const isPlain = !holes && !reuse && compat === undefined && dialect === undefined;
  return readsFiles && wish === 'nothing' && isPlain;
}

function placeOf({ entry }: PlanNode): FilePlace | undefined {
  return entry.type === 'file' ? entry.place : undefined;
}

function contentSize({ entry }: PlanNode): number {
  if (entry.type === 'file') return entry.size;
  return entry.type === 'symlink' ? entry.target.length : 0;
}

/** How a file is stored, and as what if not as it is. */
function chooseContent(
  wish: XipWish,
  bytes: Uint8Array,
  options: ResolvedOptions,
): { readonly choice: XipChoice; readonly stored?: Uint8Array } {
  const stored =
    wish === 'program' && options.xip.gzipData ? withGzippedData(bytes, options) : undefined;
  if (stored === undefined) return { choice: xipChoice(wish, bytes, options) };
  return { choice: { ...xipChoice(wish, stored, options), gzippedData: true }, stored };
}

type Read = FileEntry['read'];
type Linked = Pick<Known, 'content' | 'choice'>;
type Attributes = `${number} ${number} ${number}`;

/**
 * The results for files with more than one name, so that each is read once: an archive may have a million
 * names of one large file. Sources give all names of a file the same read function.
 */
class HardLinks {
  private readonly known = new Map<Read, Map<XipWish | Attributes, Linked>>();
  private readonly byAttributes: boolean;

  /** @param byAttributes names with other attributes are other files; nothing is in place then. */
  constructor(nodes: readonly PlanNode[], byAttributes: boolean) {
    this.byAttributes = byAttributes;
    const seen = new Set<Read>();
    for (const { entry } of nodes) {
      if (entry.type !== 'file') continue;
      if (seen.has(entry.read)) this.known.set(entry.read, new Map());
      seen.add(entry.read);
    }
  }

  find(node: PlanNode, wish: XipWish): Linked | undefined {
    const { entry } = node;
    const known = entry.type === 'file' ? this.known.get(entry.read) : undefined;
    return wish === 'equal' ? known?.values().next().value : known?.get(this.key(node, wish));
  }

  add(node: PlanNode, wish: XipWish, linked: Linked): void {
    const { entry } = node;
    if (entry.type === 'file') this.known.get(entry.read)?.set(this.key(node, wish), linked);
  }

  private key({ entry: { mode, uid, gid } }: PlanNode, wish: XipWish): XipWish | Attributes {
    return this.byAttributes ? `${mode} ${uid} ${gid}` : wish;
  }
}

/** Tells the user what the choices for files cannot do. */
class ChoiceReport {
  private readonly ordinary: string[] = [];
  private readonly options: ResolvedOptions;

  constructor(options: ResolvedOptions) {
    this.options = options;
  }

  note({ path }: PlanNode, { problems, ordinary }: XipChoice): void {
    for (const problem of problems)
      this.options.onProblem({ severity: 'warning', path, ...problem });
    if (ordinary) this.ordinary.push(path);
  }

  /** One line for all programs that a kernel without an MMU copies to RAM anyway. */
  report(): void {
    const [first, ...others] = this.ordinary;
    if (first === undefined) return;
    const more = others.length === 0 ? 'this is' : `this and ${others.length} more are`;
    this.options.onProblem({
      severity: 'warning',
      kind: 'no-mmu',
      path: first,
      message:
        `${more} ordinary ELF, which a kernel without an MMU copies to RAM as a whole: not stored ` +
        'in place; build FDPIC (arm-uclinuxfdpiceabi-gcc, -mfdpic) or bFLT (-Wl,-elf2flt) ' +
        'programs, or name files with --xip-include or --xip-exclude',
    });
  }
}

async function readContent({ entry, path }: PlanNode): Promise<Uint8Array> {
  if (entry.type === 'symlink') return nameToBytes(entry.target);
  if (entry.type !== 'file') throw new InvariantError(`${nameToText(path)} has no content`);
  const read = entry.read();
  // A source in memory or with synchronous reads takes no turn of the event loop.
  const bytes = read instanceof Uint8Array ? read : await read;
  if (bytes.length !== entry.size) {
    throw new CramfsError(
      'BAD_SOURCE',
      `${entry.size} bytes expected, but ${bytes.length} were read`,
      { path },
    );
  }
  return bytes;
}

/** @param wanted how it has to be stored; undefined: like the other one. */
async function findEqual(
  candidates: readonly Known[],
  to: PlanNode,
  bytes: Uint8Array,
  wanted: WantedChoice | undefined,
): Promise<Content | undefined> {
  for (const { node, content, choice } of candidates) {
    if (wanted !== undefined && !isStoredAs(choice, wanted)) continue;
    if (isHardLink(node, to)) return content;
    // The first file's bytes were not kept, to bound memory. Reading it again is rare and cheap.
    if (equalBytes(await readContent(node), bytes)) return content;
  }
  return undefined;
}

/** Sources give the names of one file the same read function. */
function isHardLink({ entry: a }: PlanNode, { entry: b }: PlanNode): boolean {
  return a.type === 'file' && b.type === 'file' && a.read === b.read;
}

/** How the source has stored a file or symlink, if that is how it is to be stored. */
function storedAs(
  { entry }: PlanNode,
  { reuse, blockSize, codec }: ResolvedOptions,
): StoredContent | undefined {
  if (!reuse || (entry.type !== 'file' && entry.type !== 'symlink')) return undefined;
  const stored = entry.stored?.();
  const isLzma = codec.library === 'lzma';
  const isSame = stored?.blockSize === blockSize && (stored.method === 'lzma') === isLzma;
  return isSame ? stored : undefined;
}

/** What is in place already, or has to be: a sticky file of linear XIP is contiguous. */
function storedChoice(
  { entry }: PlanNode,
  stored: StoredContent | undefined,
  bytes: Uint8Array,
  options: ResolvedOptions,
): XipChoice | undefined {
  const { dialect, blockSize, xip } = options;
  const isSticky = entry.type === 'file' && (entry.mode & S_ISVTX) !== 0;
  if (dialect === 'linear-xip' && isSticky) {
    return { ...NOTHING_IN_PLACE, ranges: [{ first: 0, end: blockCount(entry.size, blockSize) }] };
  }
  if (stored === undefined) return undefined;
  if (xip.mode === 'none') return NOTHING_IN_PLACE;
  const ranges = stored.inPlace(xip.mode === 'mmu' ? blockSize : xip.align);
  const sections = takenSections(stored, ranges);
  // Where the segments may start depends on the program.
  const { alignment } =
    xip.alignSegments && ranges.length > 0
      ? xipChoice('program', bytes, options)
      : NOTHING_IN_PLACE;
  return { ...NOTHING_IN_PLACE, ranges, sections, alignment };
}

/**
 * The sections of a plan that divides a file at `divisions`: a section with anything in place is the whole
 * range between two of them, any other an empty range at its start.
 */
function takenSections(
  { divisions, blocks }: StoredContent,
  ranges: readonly BlockRange[],
): BlockRange[] {
  if (divisions.length === 0) return [];
  const edges = [0, ...divisions, blocks.length];
  return edges.slice(1).map((end, index) => {
    const first = edges[index]!;
    const isInPlace = ranges.some((range) => first <= range.first && range.end <= end);
    return { first, end: isInPlace ? end : first };
  });
}

/** How a file has to be stored; if sections are omitted, they do not matter. */
type WantedChoice = Omit<XipChoice, 'sections'> & {
  readonly sections: XipChoice['sections'] | undefined;
};

function isStoredAs(a: XipChoice, b: WantedChoice): boolean {
  return (
    a.padded === b.padded &&
    a.gzippedData === b.gzippedData &&
    equalRanges(a.ranges, b.ranges) &&
    (b.sections === undefined || equalRanges(a.sections, b.sections))
  );
}

function equalRanges(a: readonly BlockRange[], b: readonly BlockRange[]): boolean {
  return (
    a.length === b.length &&
    a.every((range, index) => range.first === b[index]!.first && range.end === b[index]!.end)
  );
}
