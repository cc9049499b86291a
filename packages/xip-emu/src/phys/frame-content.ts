import { InvariantError, invariant } from '../errno.js';
import type { Frame, Pgoff } from '../units.js';
import { enlarged } from './enlarged.js';
import { ZERO_FRAME } from './frame.js';
import type { FetchedPages } from './fetched-pages.js';
import type { PageArena } from './page-arena.js';
import { NO_BYTES, WholePages } from './whole-page.js';

/**
 * Gives the content of clean page-cache frames on demand, so that a gigabyte of mapped file does not
 * cost the emulator a gigabyte. Must give the same bytes each time.
 */
export interface FrameOwner {
  /** A page of bytes that nobody writes to; shorter ones are followed by zeros. */
  folioContent(index: Pgoff): Uint8Array;
  /**
   * Bytes that never change; `folioContent` may return parts of them without a copy, so the image
   * is read in place.
   */
  readonly store: Uint8Array | undefined;
}

/** How many decoded pages are kept: at most 16 MiB, the largest file of cramfs. */
const CACHE_SLOTS = 4096;

/**
 * The bytes of the frames of RAM. A frame that nobody has written to has no bytes of its own: its
 * owner provides them, from its store or on demand; without an owner they are zeros.
 */
export class FrameContent {
  private readonly arena: PageArena;
  private readonly fetched: FetchedPages;
  private readonly pages: WholePages;
  /** Slot of the arena, -1 = none: the owner's content, or zeros. */
  private slots: Int32Array<ArrayBuffer>;
  /** Where the content is in the owner's store (-1: not there), and how many bytes it has there. */
  private places: Int32Array<ArrayBuffer>;
  private placeLengths: Uint32Array<ArrayBuffer>;
  /** Page-cache index of the frame. */
  private indexes: Int32Array<ArrayBuffer>;
  private readonly owners: (FrameOwner | undefined)[] = [];
  private readonly cachedFrame = new Int32Array(CACHE_SLOTS).fill(-1);
  private readonly cachedContent: Uint8Array[] = new Array<Uint8Array>(CACHE_SLOTS).fill(NO_BYTES);

  /** Slot of the zero page, -1 = none: only a processor needs one. */
  private zeroSlot = -1;

  /**
   * @param length number of frames to make room for.
   * @param fetched is told of contents that change.
   */
  constructor(length: number, arena: PageArena, fetched: FetchedPages) {
    this.arena = arena;
    this.pages = new WholePages(arena.geometry);
    this.fetched = fetched;
    this.slots = new Int32Array(length).fill(-1);
    this.places = new Int32Array(length).fill(-1);
    this.placeLengths = new Uint32Array(length);
    this.indexes = new Int32Array(length);
  }

  enlarge(length: number): void {
    this.slots = enlarged(this.slots, new Int32Array(length).fill(-1));
    this.places = enlarged(this.places, new Int32Array(length).fill(-1));
    this.placeLengths = enlarged(this.placeLengths, new Uint32Array(length));
    this.indexes = enlarged(this.indexes, new Int32Array(length));
  }

  /** Starts the content of a fresh frame: zeros, unless an owner gives its bytes. */
  begin(frame: Frame, owner: FrameOwner | undefined, index: Pgoff): void {
    this.indexes[frame] = index;
    while (this.owners.length <= frame) this.owners.push(undefined);
    if (owner !== undefined) this.owners[frame] = owner;
  }

  /** Forgets the content of a frame. */
  end(frame: Frame): void {
    const slot = this.slots[frame]!;
    if (slot >= 0) {
      this.fetched.changed(frame);
      this.arena.release(slot);
      this.slots[frame] = -1;
    }
    if (this.owners[frame] !== undefined) {
      this.owners[frame] = undefined;
      this.places[frame] = -1;
      this.forgetCached(frame);
    }
  }

  readByte(frame: Frame, offset: number): number {
    const slot = this.slots[frame]!;
    if (slot >= 0) return this.arena.readByte(slot, offset);
    const place = this.places[frame]!;
    if (place >= 0) {
      return offset < this.placeLengths[frame]! ? this.owners[frame]!.store![place + offset]! : 0;
    }
    return this.ownedContent(frame)[offset] ?? 0;
  }

  writeByte(frame: Frame, offset: number, value: number): void {
    const slot = this.materialize(frame);
    this.fetched.changed(frame);
    this.arena.writeByte(slot, offset, value);
  }

  /** A whole page that must not be written to, valid until the next call. */
  borrow(frame: Frame): Uint8Array {
    const slot = this.slots[frame]!;
    return slot >= 0 ? this.arena.view(slot) : this.pages.of(this.ownedContent(frame));
  }

  /** The page, to be written to. */
  borrowWritable(frame: Frame): Uint8Array {
    const slot = this.materialize(frame);
    this.fetched.changed(frame);
    return this.arena.view(slot);
  }

  /**
   * Where the page is in the arena's memory, for a processor; if nobody has written to the frame,
   * this is the emulator's own copy.
   */
  addressOf(frame: Frame): number {
    if (frame !== ZERO_FRAME) return this.arena.addressOf(this.materialize(frame));
    if (this.zeroSlot < 0) {
      this.zeroSlot = this.arena.take();
      this.arena.fill(this.zeroSlot, NO_BYTES);
    }
    return this.arena.addressOf(this.zeroSlot);
  }

  /** Copies the content of one frame of RAM to another one, which is fresh. */
  copy(to: Frame, from: Frame): void {
    this.fetched.changed(to);
    const slot = this.slots[from]!;
    if (slot >= 0) {
      const target = this.slots[to]! >= 0 ? this.slots[to]! : (this.slots[to] = this.arena.take());
      this.arena.copy(target, slot);
      return;
    }
    const content = this.ownedContent(from);
    if (content.length > 0) this.fill(to, content);
  }

  /** Sets the whole content: `bytes`, then zeros. */
  fill(frame: Frame, bytes: Uint8Array): void {
    this.fetched.changed(frame);
    if (this.slots[frame]! < 0) this.slots[frame] = this.arena.take();
    this.arena.fill(this.slots[frame]!, bytes);
  }

  private materialize(frame: Frame): number {
    const slot = this.slots[frame];
    if (slot !== undefined && slot >= 0) return slot;
    if (slot === undefined || frame === ZERO_FRAME) {
      throw new InvariantError(`frame ${frame} cannot be written to`);
    }
    const fresh = this.arena.take();
    this.arena.fill(fresh, this.ownedContent(frame));
    this.slots[frame] = fresh;
    return fresh;
  }

  private ownedContent(frame: Frame): Uint8Array {
    const owner = this.owners[frame];
    if (owner === undefined) return NO_BYTES;
    const place = this.places[frame]!;
    if (place >= 0) return owner.store!.subarray(place, place + this.placeLengths[frame]!);
    const at = frame & (CACHE_SLOTS - 1);
    if (this.cachedFrame[at] === frame) return this.cachedContent[at]!;
    const content = owner.folioContent(this.indexes[frame]!);
    this.keepContent(frame, content);
    return content;
  }

  /** Hands a page-cache frame over to another owner, whose page has the same bytes. */
  setOwner(frame: Frame, owner: FrameOwner, index: Pgoff): void {
    const place = this.places[frame]!;
    invariant(place < 0 || this.owners[frame]!.store === owner.store, 'owners of different stores');
    this.owners[frame] = owner;
    this.indexes[frame] = index;
  }

  /**
   * Keeps what the owner gave for the frame: the bytes for a while, or their place in its store.
   */
  keepContent(frame: Frame, content: Uint8Array): void {
    const store = this.owners[frame]?.store;
    if (content.buffer === store?.buffer && content.length > 0) {
      this.places[frame] = content.byteOffset - store.byteOffset;
      this.placeLengths[frame] = content.length;
      return;
    }
    const at = frame & (CACHE_SLOTS - 1);
    this.cachedFrame[at] = frame;
    this.cachedContent[at] = content;
  }

  private forgetCached(frame: Frame): void {
    const at = frame & (CACHE_SLOTS - 1);
    if (this.cachedFrame[at] !== frame) return;
    this.cachedFrame[at] = -1;
    this.cachedContent[at] = NO_BYTES;
  }
}
