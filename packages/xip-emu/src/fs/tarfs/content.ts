import type { SparsePiece } from 'cramfs-archive';
import type { PageGeometry } from '../../units.js';

/** Where in an archive the content of a file is: pieces, stored one after the other. */
export interface StoredContent {
  readonly archive: Uint8Array;
  /** Where the first piece is stored. */
  readonly at: number;
  readonly pieces: readonly SparsePiece[];
  /** Bytes of the file; what no piece covers is zero. */
  readonly size: number;
}

/** A piece of a file, and where it is stored. */
interface StoredPiece extends SparsePiece {
  readonly at: number;
}

const NO_BYTES = new Uint8Array(0);

/**
 * What a file of a tarfs holds: the archive's bytes, and over them a cache of the blocks that were
 * written since. The file system's own memory, as the cache of the Hurd's tarfs: not the machine's.
 */
export class TarContent {
  /** True if the archive has other bytes, or another size. */
  modified = false;
  private readonly pageSize: number;
  private bytes = 0;
  private archive: Uint8Array = NO_BYTES;
  private pieces: StoredPiece[] = [];
  /** Beyond this the archive's bytes do not count: the file has been shorter since. */
  private storedEnd = 0;
  /** Blocks of a page that were written, by index. Zero after the end of the file. */
  private readonly blocks = new Map<number, Uint8Array>();

  constructor({ size }: PageGeometry) {
    this.pageSize = size;
  }

  get size(): number {
    return this.bytes;
  }

  /** Makes this part of an archive the content, without changes. */
  rebase({ archive, at, pieces, size }: StoredContent): void {
    this.archive = archive;
    this.pieces = [];
    for (const { offset, length } of pieces) {
      if (length > 0) this.pieces.push({ offset, length, at });
      at += length;
    }
    this.bytes = size;
    this.storedEnd = size;
    this.blocks.clear();
    this.modified = false;
  }

  /** Reads from `position` on. @returns bytes read: fewer at the end of the file. */
  read(position: number, into: Uint8Array): number {
    const length = Math.min(into.length, this.bytes - position);
    if (length <= 0) return 0;
    if (this.blocks.size === 0) {
      this.readStored(position, into.subarray(0, length));
      return length;
    }
    const { pageSize } = this;
    for (let done = 0; done < length;) {
      const at = position + done;
      const offset = at % pageSize;
      const count = Math.min(pageSize - offset, length - done);
      const block = this.blocks.get(Math.floor(at / pageSize));
      const target = into.subarray(done, done + count);
      if (block === undefined) this.readStored(at, target);
      else target.set(block.subarray(offset, offset + count));
      done += count;
    }
    return length;
  }

  /** Page `index`, at most a page of bytes, zeros follow. Not to be written to. */
  page(index: number): Uint8Array {
    const block = this.blocks.get(index);
    if (block !== undefined) return block;
    const { pageSize } = this;
    const start = index * pageSize;
    const length = Math.max(Math.min(pageSize, this.storedEnd - start), 0);
    const piece = this.pieceAt(start);
    if (piece !== undefined && piece.offset <= start) {
      const at = piece.at + (start - piece.offset);
      if (piece.offset + piece.length >= start + length)
        return this.archive.subarray(at, at + length);
    }
    const page = new Uint8Array(length);
    this.readStored(start, page);
    return page;
  }

  /** A write that goes past the end makes the file longer; a gap is zeros. */
  write(position: number, from: Uint8Array): void {
    const { pageSize } = this;
    for (let done = 0; done < from.length;) {
      const at = position + done;
      const offset = at % pageSize;
      const count = Math.min(pageSize - offset, from.length - done);
      this.ownBlock(Math.floor(at / pageSize)).set(from.subarray(done, done + count), offset);
      done += count;
    }
    this.bytes = Math.max(this.bytes, position + from.length);
    this.modified = true;
  }

  setSize(size: number): void {
    if (size === this.bytes) return;
    if (size < this.bytes) {
      const { pageSize } = this;
      const first = Math.ceil(size / pageSize);
      for (const index of [...this.blocks.keys()]) if (index >= first) this.blocks.delete(index);
      const partial = size % pageSize;
      if (partial !== 0) this.blocks.get(first - 1)?.fill(0, partial);
      this.storedEnd = Math.min(this.storedEnd, size);
    }
    this.bytes = size;
    this.modified = true;
  }

  private ownBlock(index: number): Uint8Array {
    let block = this.blocks.get(index);
    if (block === undefined) {
      block = new Uint8Array(this.pageSize);
      block.set(this.page(index));
      this.blocks.set(index, block);
    }
    return block;
  }

  /** Fills `into` from the archive, zeros where it has nothing. */
  private readStored(position: number, into: Uint8Array): void {
    const end = Math.min(position + into.length, this.storedEnd);
    let at = position;
    while (at < end) {
      const piece = this.pieceAt(at);
      const start = piece === undefined ? end : Math.min(Math.max(piece.offset, at), end);
      into.fill(0, at - position, start - position);
      if (piece === undefined || start === end) break;
      const stop = Math.min(piece.offset + piece.length, end);
      const stored = piece.at + (start - piece.offset);
      into.set(this.archive.subarray(stored, stored + (stop - start)), start - position);
      at = stop;
    }
    into.fill(0, Math.max(end - position, 0));
  }

  /** The piece that holds the byte, or the first after it. */
  private pieceAt(position: number): StoredPiece | undefined {
    const { pieces } = this;
    let low = 0;
    let high = pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { offset, length } = pieces[middle]!;
      if (offset + length <= position) low = middle + 1;
      else high = middle;
    }
    return pieces[low];
  }
}
