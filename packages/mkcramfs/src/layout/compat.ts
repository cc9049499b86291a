import { BLOCK_POINTER_SIZE, CRAMFS_FLAG_HOLES, alignUp } from 'cramfs-format';
import { openRgFlags } from 'cramfs-reader';
import type { Content } from '../content.js';
import { preOrder, type PlanNode } from '../nodes.js';
import type { ResolvedOptions } from '../options.js';
import { completeChunk } from './chunk.js';
import type { Layout, Piece, Place, PointerSpec, Residue, UnwrittenChunk } from './layout.js';
import { changedFlags, imageSize, superblockFlags, type LayoutHead } from './native.js';

/** Alignment of an XIP block in npitre's mkcramfs -X; with -X -X it is the page size. */
const NOMMU_ALIGNMENT = 8;

/**
 * The layout of the C tools: identical files share one chunk whatever their owners; XIP blocks are in order
 * in their file's chunk, each aligned by itself.
 */
export function layoutCompat(
  root: PlanNode,
  contents: ReadonlyMap<PlanNode, Content>,
  options: ResolvedOptions,
  head: LayoutHead,
): Layout {
  const alignment = options.xip.mode === 'mmu' ? options.blockSize : NOMMU_ALIGNMENT;
  const residues: Residue[] = [];
  const chunkOf = new Map<Content, UnwrittenChunk>();
  const chunks = new Map<PlanNode, UnwrittenChunk>();
  let end = head.directories.end;
  for (const node of preOrder(root)) {
    const content = contents.get(node);
    if (content === undefined) continue;
    let chunk = chunkOf.get(content);
    if (chunk === undefined) {
      chunk =
        options.dialect === 'linear-xip' && content.xipRanges.length > 0
          ? extentChunk(content, end)
          : inlineChunk(content, end, alignment, residues);
      chunkOf.set(content, chunk);
      end += chunk.size;
    }
    chunks.set(node, chunk);
  }
  const uniqueChunks = [...chunkOf.values()];
  // mkfs.cramfs sets the flag because of its option, mkcramfs if there is a hole.
  const asked = options.compat === 'util-linux' && options.holes ? CRAMFS_FLAG_HOLES : 0;
  return {
    ...head,
    endianness: options.endianness,
    insert: options.insert,
    chunks,
    uniqueChunks,
    runs: [],
    residues,
    size: imageSize(end, options),
    flags: changedFlags(
      superblockFlags(uniqueChunks, options) | asked | dialectFlags(options),
      options,
    ),
  };
}

function dialectFlags({ dialect, blockSize, method }: ResolvedOptions): number {
  return dialect === 'openrg' ? openRgFlags(blockSize, method) : 0;
}

/** Where linear XIP has the content of a sticky file. */
const EXTENT_ALIGNMENT = 4096;

/** A file in one piece, without pointers. */
function extentChunk(content: Content, position: number): UnwrittenChunk {
  let here = alignUp(position, EXTENT_ALIGNMENT) - position;
  const pieces: Piece[] = content.blocks.map((block) => {
    const offset = here;
    here += block.length;
    return { offset, block, lengthPrefix: false };
  });
  return completeChunk({ position }, { content, pointers: [], pieces, runs: [] }, here);
}

function inlineChunk(
  content: Content,
  position: number,
  alignment: number,
  residues: Residue[],
): UnwrittenChunk {
  const pointers: PointerSpec[] = [];
  const pieces: Piece[] = [];
  const anchor = { position };
  let here = content.blocks.length * BLOCK_POINTER_SIZE;
  for (const block of content.blocks) {
    const at = (): Place => ({ anchor, offset: here });
    if (block.kind === 'hole') {
      pointers.push({ kind: 'end', ...at(), uncompressed: false });
      continue;
    }
    if (block.kind === 'xip') {
      here = alignUp(position + here, alignment) - position;
      pointers.push({ kind: 'direct', ...at(), uncompressed: true });
    }
    pieces.push({ offset: here, block, lengthPrefix: false });
    here += block.length;
    if (block.residue !== undefined) {
      residues.push({ position: position + here, bytes: block.residue });
    }
    if (block.kind !== 'xip') {
      pointers.push({ kind: 'end', ...at(), uncompressed: block.kind === 'uncompressed' });
    }
  }
  return completeChunk(anchor, { content, pointers, pieces, runs: [] }, here);
}
