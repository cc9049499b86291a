import { DIRECT_ALIGNMENT, DIRECT_LENGTH_SIZE, crc32, equalBytes } from 'cramfs-format';
import { lastBlockIsFull, type Content, type StoredBlock } from '../content.js';
import { isPlanned } from '../xip-plan.js';
import type { Place } from './layout.js';

/** A block that, with more than one use, is in the image once, with direct pointers to it. */
export interface SharedBlock {
  /** Any of the equal blocks. */
  readonly block: StoredBlock;
  uses: number;
  /** Where its bytes start, once the first user has placed it. */
  place: Place | undefined;
}

/** A chain of different blocks with the same hash: almost every block is alone in its chain. */
interface HashEntry extends SharedBlock {
  readonly next: HashEntry | undefined;
}

/**
 * What one use of a shared block can cost at most: the alignment and the length field of a block
 * that would otherwise have had an ordinary pointer (the shared one at its first use, the one
 * after it at every other), and the rounding of its chunk to four bytes.
 */
const COST_PER_USE = DIRECT_ALIGNMENT - 1 + DIRECT_LENGTH_SIZE + 3;

export interface ShareOptions {
  readonly blockSize: number;
  /**
   * Share uncompressed blocks, too. A direct pointer to one is a page in place: a kernel without an
   * MMU must not find it twice (kernel fact K22).
   */
  readonly uncompressed: boolean;
}

/** Finds equal blocks among the contents of all chunks, and says which are worth sharing. */
export class BlockShares {
  /** Blocks with more than one use. */
  private readonly byBlock = new Map<StoredBlock, SharedBlock>();
  private readonly options: ShareOptions;

  /** @param contents one element per chunk: a content stored in two chunks appears twice. */
  constructor(contents: readonly Content[], options: ShareOptions) {
    this.options = options;
    const byHash = new Map<number, HashEntry>();
    for (const content of contents) {
      if (!this.takesPart(content)) continue;
      const { blocks, sections } = content;
      for (let index = 0; index < blocks.length; index += 1) {
        const block = blocks[index]!;
        // The plan decides whether it is stored at all: the cost of others must not depend on that.
        if (isPlanned(sections, index)) continue;
        if (!options.uncompressed && block.kind === 'uncompressed') continue;
        if (block.kind !== 'compressed' && block.kind !== 'uncompressed') continue;
        const shared = findOrAdd(byHash, block);
        shared.uses += 1;
        if (shared.uses === 2) this.byBlock.set(shared.block, shared);
        if (shared.uses > 1) this.byBlock.set(block, shared);
      }
    }
  }

  /** The shared block that `block` of `content` should become, if that saves bytes. */
  get(content: Content, block: StoredBlock): SharedBlock | undefined {
    const shared = this.byBlock.get(block);
    if (shared === undefined || !this.takesPart(content)) return undefined;
    const saved = (shared.uses - 1) * shared.block.length;
    return saved > shared.uses * COST_PER_USE ? shared : undefined;
  }

  /**
   * A full uncompressed last block must not be direct (kernel fact K1), so it needs the blocks
   * before it in line: such a file shares nothing.
   */
  private takesPart(content: Content): boolean {
    return !(
      lastBlockIsFull(content, this.options.blockSize) &&
      content.blocks.at(-1)!.kind === 'uncompressed'
    );
  }
}

function findOrAdd(byHash: Map<number, HashEntry>, block: StoredBlock): SharedBlock {
  const { bytes } = block;
  // The parts of the key are below 2^32 and 2^17: together an exact number, which is cheaper than a
  // string.
  const key = hash(block.kind, bytes) * 2 ** 17 + bytes.length;
  const first = byHash.get(key);
  for (let other = first; other !== undefined; other = other.next) {
    if (other.block.kind === block.kind && equalBytes(bytes, other.block.bytes)) return other;
  }
  const shared: HashEntry = { block, uses: 0, place: undefined, next: first };
  byHash.set(key, shared);
  return shared;
}

/** A zlib stream ends with a checksum of its content (RFC 1950); only other blocks need one. */
function hash(kind: StoredBlock['kind'], bytes: Uint8Array): number {
  if (kind !== 'compressed') return crc32(bytes);
  const end = bytes.length;
  return (
    bytes[end - 1]! +
    bytes[end - 2]! * 2 ** 8 +
    bytes[end - 3]! * 2 ** 16 +
    bytes[end - 4]! * 2 ** 24
  );
}
