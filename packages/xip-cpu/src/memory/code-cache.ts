import { PIECE } from './layout.js';
import type { LinearMemory } from './linear-memory.js';
import type { Translation } from './translation.js';

/**
 * Bytes for operations and maps, unless a processor sets another size. When they are full,
 * everything is decoded anew.
 */
const SPACE = 16 << 20;
/** The most instructions in a line: a run may be too long by this many. */
export const LONGEST_LINE = 64;
/** The most instructions that depend on one before them: an IT block of ARM. */
const LONGEST_BLOCK = 4;
/** The most bytes of a line: an instruction has fewer than ten operations of 16 bytes. */
const LINE_BYTES = (LONGEST_LINE + 2) * 10 * 16;
/** 32 bits for each halfword of a piece. */
const MAP_BYTES = PIECE * 2;

/** Decodes the instructions of a processor, and writes operations for them. */
export interface LineDecoder {
  /** The place of the next operation in linear memory. */
  at: number;
  /** Whether the next instruction is not executed after the last one. */
  readonly ended: boolean;
  /**
   * Whether the next instruction depends on instructions before it, so that no branch may go there.
   */
  readonly isInside: boolean;
  /**
   * Starts a line.
   *
   * @param key the address of its piece, with the instruction set; 0: it does not matter.
   * @param isKept whether its operations stay where they are.
   * @param state what the first instruction depends on; 0: nothing.
   */
  begin(key: number, isKept: boolean, state?: number): void;
  /**
   * Decodes the instruction at an offset of a piece whose bytes are at `place`.
   *
   * @returns its length; 0, without an operation, if it continues in the next piece.
   */
  decode(place: number, offset: number): number;
  /** Decodes an instruction that is in two pieces. @param second where the rest of it is. */
  decodeCut(place: number, offset: number, second: number): void;
  /** Continues at an offset. @param known the operation there, or 0. */
  end(offset: number, known: number): void;
  /**
   * Writes a placeholder for {@link decodeCut}, which must be replaced before it can be executed.
   */
  cut(offset: number): void;
  /**
   * Makes the operation that {@link cut} has written lead to others, as long as the next piece has
   * that map.
   */
  join(operation: number, map: number, first: number): void;
  /** Leaves the loop before the instruction at an offset. */
  stop(offset: number): void;
  /**
   * Returns the operation of a line before which `count` instructions of the line are executed; 0 if
   * the line ends before; undefined if that instruction has no operation.
   */
  after(operation: number, count: number): number | undefined;
  /** Makes the loop leave before an operation, or no longer do so. @returns how to undo it. */
  setStop(operation: number, number?: number): number;
  /**
   * From now on, operations are written into that part of linear memory. Those in it become
   * invalid.
   */
  reset(start: number, bytes: number): void;
}

/** How a store affects code. */
export interface Stored {
  readonly isCode: boolean;
  readonly hasChanged: boolean;
}

const NO_CODE: Stored = { isCode: false, hasChanged: false };
const CODE: Stored = { isCode: true, hasChanged: false };
const CHANGED_CODE: Stored = { isCode: true, hasChanged: true };

/** A piece in which code was decoded. */
interface CodePiece {
  /** The identity of its page: UserMemory.frameIdentity(). */
  readonly identity: number;
  /** The key for {@link LineDecoder.begin}. */
  readonly key: number;
  /** The place of its bytes in linear memory. */
  readonly place: number;
  /** The place of its map: 32 bits for each halfword, 0 or the operation there. */
  readonly map: number;
  /** For each halfword 1 if it is part of an instruction that was decoded. */
  readonly covered: Uint8Array;
  /** Operations of the previous piece for an instruction that ends in this one. */
  readonly cuts: number[];
}

/**
 * Decoded code: operations in straight lines from the start of an area on, and the maps of pieces
 * from its end down. It belongs to the physical page, so another process that runs the same program
 * uses it too.
 */
export class CodeCache {
  private clears = 0;
  private readonly decoder: LineDecoder;
  private readonly translation: Translation;
  /** Whether operations depend on their address. */
  private readonly isAbsolute: boolean;
  private readonly words: Uint32Array;
  private readonly start: number;
  private readonly end: number;
  /** The last map. */
  private maps: number;
  /** Pieces by place: those of one identity, which differ in their keys. */
  private readonly byPlace = new Map<number, CodePiece[]>();
  /**
   * Pieces that can be fetched from without asking the address space, by address and instruction
   * set.
   */
  private readonly mapped = new Map<number, CodePiece>();
  private fetches = 0;

  constructor(
    linear: LinearMemory,
    translation: Translation,
    decoder: LineDecoder,
    {
      isAbsolute,
      bytes = SPACE,
    }: { readonly isAbsolute: boolean; readonly bytes?: number | undefined },
  ) {
    const area = linear.allocate(bytes);
    this.decoder = decoder;
    this.translation = translation;
    this.isAbsolute = isAbsolute;
    this.words = new Uint32Array(area.buffer);
    this.start = area.byteOffset;
    this.end = area.byteOffset + area.length;
    this.maps = this.end;
    this.restart();
  }

  /**
   * Returns the operation at an address, and decodes it if necessary.
   *
   * @param mode the instruction set, 0 or 1.
   * @throws Fault of the fetch
   */
  find(pc: number, mode = 0): number {
    this.makeRoom();
    const piece = this.pieceOf(pc, mode);
    const offset = pc % PIECE;
    const known = this.words[(piece.map >> 2) + (offset >> 1)]!;
    return known === 0 ? this.decodeLine(piece, offset) : known;
  }

  /**
   * Runs a line, but at most `limit` of its instructions.
   *
   * @param state what the first one depends on: {@link LineDecoder.begin}.
   * @param run executes a line from an operation on.
   * @throws Fault of the fetch
   */
  runLimited<T>(
    {
      pc,
      mode = 0,
      state = 0,
    }: { readonly pc: number; readonly mode?: number; readonly state?: number },
    limit: number,
    run: (operation: number) => T,
  ): T {
    const { decoder } = this;
    const first = state === 0 ? this.find(pc, mode) : undefined;
    const last = first === undefined ? undefined : decoder.after(first, limit);
    if (first === undefined || last === undefined) {
      return run(this.decodeOnce(pc, mode, limit, state));
    }
    if (last === 0) return run(first);
    const number = decoder.setStop(last);
    try {
      return run(first);
    } finally {
      decoder.setStop(last, number);
    }
  }

  /**
   * Decodes at most `limit` instructions, the first of which may be in two pieces. The loop leaves
   * after the last one. Execute them at once: the next ones overwrite them.
   */
  private decodeOnce(pc: number, mode: number, limit: number, state: number): number {
    this.makeRoom();
    const { decoder } = this;
    const start = decoder.at;
    const address = pc - (pc % PIECE);
    let offset = pc % PIECE;
    const place = this.translation.locate(pc, 'fetch') - offset;
    decoder.begin(this.isAbsolute ? address + mode : 0, false, state);
    for (let left = Math.min(limit, LONGEST_LINE); left > 0 && offset < PIECE; left -= 1) {
      const length = decoder.decode(place, offset);
      if (length === 0) {
        if (decoder.at !== start) break;
        decoder.decodeCut(place, offset, this.translation.locate(address + PIECE, 'fetch'));
        offset += 4;
        break;
      }
      offset += length;
      if (decoder.ended) break;
    }
    decoder.stop(offset);
    decoder.at = start;
    return start;
  }

  /**
   * Decodes an instruction that is in two pieces.
   *
   * @param operation the placeholder that {@link LineDecoder.cut} has written.
   * @returns its operation; 0 if everything was dropped.
   * @throws Fault of the fetch of the second piece
   */
  decodeCut(operation: number, pc: number, mode = 0): number {
    const { clears } = this;
    this.makeRoom();
    if (this.clears !== clears) return 0;
    const { decoder } = this;
    const address = pc - (pc % PIECE);
    const first = this.pieceOf(pc, mode);
    const second = this.pieceOf(address + PIECE, mode);
    const start = decoder.at;
    decoder.begin(first.key, true);
    decoder.decodeCut(first.place, pc % PIECE, second.place);
    if (!decoder.ended) decoder.end((pc % PIECE) + 4, 0);
    decoder.join(operation, second.map, start);
    second.cuts.push(operation);
    second.covered[0] = 1;
    return start;
  }

  /**
   * Called when bytes of a writable piece are about to be stored, or were. Drops the code decoded
   * from them.
   *
   * @param place the place of `address`.
   * @returns whether there is code in the piece, so that stores to it must be noticed.
   */
  stored(address: number, place: number, length: number): Stored {
    const start = place - (place % PIECE);
    const pieces = this.byPlace.get(start);
    if (pieces === undefined) return NO_CODE;
    if (pieces[0]!.identity !== this.translation.identity(address)) {
      // The place now belongs to another page.
      this.byPlace.delete(start);
      return NO_CODE;
    }
    let hasChanged = false;
    for (const piece of pieces) if (this.drop(piece, place - start, length)) hasChanged = true;
    return hasChanged ? CHANGED_CODE : CODE;
  }

  /** Drops the decoded code of a piece if it was in the bytes. */
  private drop({ covered, cuts, map }: CodePiece, offset: number, length: number): boolean {
    const last = Math.min(offset + length - 1, PIECE - 1) >> 1;
    let half = offset >> 1;
    while (half <= last && covered[half] === 0) half += 1;
    if (half > last) return false;
    covered.fill(0);
    for (const operation of cuts) this.decoder.join(operation, 0, 0);
    cuts.length = 0;
    this.words.fill(0, map >> 2, (map + MAP_BYTES) >> 2);
    return true;
  }

  /** Fetches from an address. @returns its piece. */
  private pieceOf(pc: number, mode: number): CodePiece {
    const { translation, mapped } = this;
    if (this.fetches !== translation.fetches) {
      this.fetches = translation.fetches;
      mapped.clear();
    }
    const address = pc - (pc % PIECE) + mode;
    let piece = mapped.get(address);
    if (piece === undefined) {
      const place = translation.locate(pc, 'fetch');
      piece = this.pieceAt(place - (pc % PIECE), translation.identity(pc), address);
      // The fault may have revoked others.
      if (this.fetches === translation.fetches) mapped.set(address, piece);
    }
    translation.enterFetch(address, piece.map);
    return piece;
  }

  private pieceAt(place: number, identity: number, address: number): CodePiece {
    const key = this.isAbsolute ? address : 0;
    const there = this.byPlace.get(place);
    const pieces = there?.[0]!.identity === identity ? there : [];
    const known = pieces.find((piece) => piece.key === key);
    if (known !== undefined) return known;
    this.maps -= MAP_BYTES;
    const map = this.maps;
    this.words.fill(0, map >> 2, (map + MAP_BYTES) >> 2);
    const piece = { identity, key, place, map, covered: new Uint8Array(PIECE / 2), cuts: [] };
    this.byPlace.set(place, [...pieces, piece]);
    // From now on every store there must be noticed.
    this.translation.forgetStores();
    return piece;
  }

  /**
   * Decodes until a jump, the end of the piece, or code that was decoded before. @returns the first
   * operation.
   */
  private decodeLine({ key, place, map, covered }: CodePiece, first: number): number {
    const { decoder, words } = this;
    const start = decoder.at;
    decoder.begin(key, true);
    let offset = first;
    for (let count = 0; ; count += 1) {
      if (!decoder.isInside) {
        const at = (map >> 2) + (offset >> 1);
        const known = offset < PIECE ? words[at]! : 0;
        if (known !== 0 || offset >= PIECE || count >= LONGEST_LINE - LONGEST_BLOCK) {
          decoder.end(offset, known);
          return start;
        }
        words[at] = decoder.at;
      } else if (offset >= PIECE) {
        decoder.stop(offset);
        return start;
      }
      covered[offset >> 1] = 1;
      const { at } = decoder;
      const length = decoder.decode(place, offset);
      if (length === 0) {
        if (decoder.isInside) decoder.stop(offset);
        else decoder.cut(offset);
        return start;
      }
      covered[(offset + length - 1) >> 1] = 1;
      // An instruction without operations is entered by a line of its own.
      if (decoder.at === at) words[(map >> 2) + (offset >> 1)] = 0;
      offset += length;
      if (decoder.ended) return start;
    }
  }

  private restart(): void {
    const { decoder, start, end } = this;
    decoder.reset(start, end - start);
    decoder.at = start;
    this.maps = end;
  }

  /** Drops everything if there is no room for two more pieces and a line. */
  private makeRoom(): void {
    if (this.decoder.at + LINE_BYTES + 2 * MAP_BYTES <= this.maps) return;
    this.clears += 1;
    this.restart();
    this.byPlace.clear();
    this.translation.forgetFetches();
  }
}
