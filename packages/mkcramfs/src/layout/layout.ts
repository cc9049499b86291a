import type { Endianness } from 'cramfs-format';
import type { Content, StoredBlock } from '../content.js';
import type { PlanNode } from '../nodes.js';
import type { DirectoryLayout } from './directories.js';

/** Something with a place in the image; -1 until it is placed. */
export interface Anchor {
  position: number;
}

/** A place relative to something that may not be placed yet. */
export interface Place {
  readonly anchor: Anchor;
  readonly offset: number;
}

/** A block pointer whose target may not be placed yet. */
export interface PointerSpec extends Place {
  readonly kind: 'end' | 'direct';
  readonly uncompressed: boolean;
}

/** A block that is stored in a chunk. */
export interface Piece {
  /** Offset of its bytes from the position of the chunk. */
  readonly offset: number;
  readonly block: StoredBlock;
  /** The block is direct and compressed: its length is in the two bytes before `offset`. */
  readonly lengthPrefix: boolean;
}

/** How many of a file's blocks are stored in each way. */
export interface BlockCounts {
  /** Compressed, uncompressed and hole blocks; XIP blocks count in `xip` alone. */
  compressed: number;
  uncompressed: number;
  holes: number;
  xip: number;
  /** Those of the above that have a direct pointer, XIP blocks included. */
  direct: number;
  /** Those of the above that an earlier file stored. */
  shared: number;
}

/** A pointer table and the blocks stored after it: what the offset of an inode points to. */
export interface Chunk extends Anchor {
  readonly content: Content;
  readonly counts: BlockCounts;
  readonly pointerCount: number;
  /** The runs that its pointers lead to, which other chunks may share. */
  readonly runs: readonly Run[];
  /** Bytes, a multiple of four. */
  readonly size: number;
}

/** A chunk that is not in the image yet. */
export interface UnwrittenChunk extends Chunk {
  readonly pointers: readonly PointerSpec[];
  readonly pieces: readonly Piece[];
}

export function isUnwritten(chunk: Chunk): chunk is UnwrittenChunk {
  return 'pieces' in chunk;
}

/** Contiguous uncompressed blocks of one content, outside of its chunk: what Linux maps. */
export interface Run extends Anchor {
  readonly content: Content;
  /** First block and the number of blocks that direct pointers lead to. */
  readonly first: number;
  readonly count: number;
  /** A full last block that follows them with an ordinary pointer (kernel fact K1). */
  readonly tailBlock: number | undefined;
  readonly blocks: readonly StoredBlock[];
  /** Bytes of all blocks. */
  readonly size: number;
}

/** See {@link Content}'s blocks. */
export interface Residue {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** Where everything goes. */
export interface Layout {
  readonly endianness: Endianness;
  readonly superblockOffset: number;
  readonly insert: Uint8Array;
  readonly directories: DirectoryLayout;
  /** The chunk of every file and symlink that has data; shared ones appear more than once. */
  readonly chunks: ReadonlyMap<PlanNode, Chunk>;
  /** Every chunk once, in order of creation. */
  readonly uniqueChunks: readonly Chunk[];
  readonly runs: readonly Run[];
  /** Bytes in gaps that are not zeros, in the order of writing. */
  readonly residues: readonly Residue[];
  /** Bytes of the image, padding before the superblock included. */
  readonly size: number;
  readonly flags: number;
}
