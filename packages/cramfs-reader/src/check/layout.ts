import { CRAMFS_FLAG_SHIFTED_ROOT_OFFSET, nameToText } from 'cramfs-format';
import type { CramfsImage } from '../image.js';
import type { CheckContext } from './context.js';
import { pathOf } from './entry.js';
import type { Extents } from './extents.js';
import { ReplacedStreams } from './replaced-streams.js';

export interface Gaps {
  /** Bytes of the image that nothing refers to, alignment and padding included. */
  bytes: number;
  /** Those of the above that are not zero. */
  nonZeroBytes: number;
}

/** Looks for extents that overlap and for the gaps between them. */
export function checkLayout(context: CheckContext): Gaps {
  const { image, extents } = context;
  const gaps: Gaps = { bytes: 0, nonZeroBytes: 0 };
  const streams = new ReplacedStreams(image);
  let residues = 0;
  const look = (from: number, to: number): void => {
    if (checkGap(context, gaps, streams, from, to)) residues += 1;
  };
  // The extent that ends last. Bytes before the superblock belong to a boot loader.
  let furthest: number | undefined;
  let end = image.superblock.offset;
  for (const extent of extents.inOrder()) {
    const start = extents.start(extent);
    if (start > end) {
      look(end, start);
    } else if (start < end && furthest !== undefined && !mayShare(extents, furthest, extent)) {
      reportOverlap(context, furthest, extent);
    }
    if (extents.end(extent) >= end) {
      end = extents.end(extent);
      furthest = extent;
    }
    if (extents.kind(extent) === 'an uncompressed block') {
      streams.addBlock(start, extents.end(extent));
    }
  }
  if (end < image.size) look(end, image.size);
  if (residues > 0) {
    const where = residues === 1 ? 'a gap holds' : `${residues} gaps hold`;
    context.findings.add(
      'replaced-streams',
      `${where} ends of zlib streams, which mkcramfs has replaced by the blocks themselves: harmless`,
    );
  }
  return gaps;
}

/**
 * True if two pointers may rightly lead to these bytes: to the same block, or to the beginning of
 * an uncompressed one (a shorter file that begins alike).
 */
function mayShare(extents: Extents, a: number, b: number): boolean {
  const kind = extents.kind(a);
  if (kind !== extents.kind(b) || extents.start(a) !== extents.start(b)) return false;
  if (kind === 'an uncompressed block') return true;
  return kind === 'a compressed block' && extents.end(a) === extents.end(b);
}

function reportOverlap({ extents, findings }: CheckContext, a: number, b: number): void {
  const owner = extents.owner(b) ?? extents.owner(a);
  findings.add('overlap', () => `${describe(extents, b)} overlaps ${describe(extents, a)}`, {
    path: owner && (() => pathOf(owner)),
    offset: extents.start(b),
  });
}

function describe(extents: Extents, extent: number): string {
  const owner = extents.owner(extent);
  const name = owner === undefined ? '' : ` of ${nameToText(pathOf(owner))}`;
  return `${extents.kind(extent)}${name} (${extents.start(extent)}-${extents.end(extent)})`;
}

/** @returns true if the content of the gap is known to be harmless. */
function checkGap(
  context: CheckContext,
  gaps: Gaps,
  streams: ReplacedStreams,
  from: number,
  to: number,
): boolean {
  const { image, findings, blocksKnown } = context;
  const start = Math.max(from, Math.min(to, endOfInsertedFile(image)));
  gaps.bytes += to - start;
  let first: number | undefined;
  let count = 0;
  for (let at = start; at < to; at += 1) {
    if (image.bytes[at] === 0) continue;
    first ??= at;
    count += 1;
  }
  if (first === undefined) return false;
  gaps.nonZeroBytes += count;
  // In a damaged image this is data that the damage has cut off.
  if (!blocksKnown || !context.isComplete) return false;
  if (streams.explains(start, to)) return true;
  findings.add(
    'gap-not-zero',
    `of the ${to - start} bytes from ${start}, which nothing refers to, ${count} are not zero`,
    { offset: first },
  );
  return false;
}

/** `mkcramfs -i FILE` stores a boot image between the superblock and the root directory. */
function endOfInsertedFile({ superblock, root }: CramfsImage): number {
  const shifted = (superblock.flags & CRAMFS_FLAG_SHIFTED_ROOT_OFFSET) !== 0;
  return shifted ? root.dataOffset : 0;
}
