import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { CramfsError } from 'cramfs-format';
import { temporaryName } from '../temporary-file.js';

/*
 * A pack is a file of compressed blocks, written once. Segments of blocks come first; then, in
 * little-endian words,
 *
 *   the index      for each block: its key (20 bytes), its segment, where it starts there, its length
 *   the segments   for each: its length, its CRC-32
 *   the end        magic (8 bytes), number of blocks, number of segments, CRC-32 of index and segments
 *
 * The index is in the order of the keys. A length of 0: the block does not get smaller.
 */

/** Bytes of a key: the first of a SHA-256. It is a string with a character for each. */
export const KEY_LENGTH = 20;
const INDEX_ENTRY = KEY_LENGTH + 12;
const SEGMENT_ENTRY = 8;
const END = 20;
const MAGIC = Buffer.from('cramblk1');
/** How much is read and checked at a time. */
const SEGMENT_BYTES = 1 << 20;
/** A build asks for blocks in about the order of the build that wrote them. */
const KEPT_SEGMENTS = 4;

/** What is known of a block: its compressed bytes, or that it does not get smaller. */
export type CachedBlock = Uint8Array | 'incompressible';

/** A pack that is read: the index at once, segments on demand. */
export class PackReader {
  readonly path: string;
  private readonly fd: number;
  private readonly index: Buffer;
  /** Where keys start in the index, by their first two bytes. */
  private readonly starts = new Uint32Array(65537);
  private readonly segments: readonly { readonly at: number; length: number; crc: number }[];
  /** The segments that were read last; undefined if damaged. */
  private readonly contents = new Map<number, Uint8Array | undefined>();
  /** Whether a block of it was found. */
  used = false;

  /** @throws CramfsError or a system error if it cannot be read, or is not a whole pack. */
  constructor(path: string) {
    this.path = path;
    this.fd = openSync(path, 'r');
    try {
      const { size } = fstatSync(this.fd);
      const end = this.read(size - END, END);
      const blocks = end.readUInt32LE(8);
      const segments = end.readUInt32LE(12);
      const tables = blocks * INDEX_ENTRY + segments * SEGMENT_ENTRY;
      const table = this.read(size - END - tables, tables);
      if (!end.subarray(0, 8).equals(MAGIC) || crc32(table) !== end.readUInt32LE(16)) {
        throw new CramfsError('BAD_SOURCE', 'not a pack');
      }
      this.index = table.subarray(0, blocks * INDEX_ENTRY);
      let at = 0;
      this.segments = Array.from({ length: segments }, (_, number) => {
        const entry = blocks * INDEX_ENTRY + number * SEGMENT_ENTRY;
        const length = table.readUInt32LE(entry);
        const segment = { at, length, crc: table.readUInt32LE(entry + 4) };
        at += length;
        return segment;
      });
      const { index } = this;
      for (let at = 0; at < index.length; at += INDEX_ENTRY) {
        this.starts[index[at]! * 256 + index[at + 1]! + 1]! += 1;
      }
      for (let prefix = 0; prefix < 65536; prefix += 1) {
        this.starts[prefix + 1]! += this.starts[prefix]!;
      }
    } catch (error) {
      closeSync(this.fd);
      throw error;
    }
  }

  /** @returns undefined if the block is not in the pack, or damaged there. Bytes are valid until the next call. */
  find(key: string): CachedBlock | undefined {
    const prefix = key.charCodeAt(0) * 256 + key.charCodeAt(1);
    const end = this.starts[prefix + 1]!;
    for (let block = this.starts[prefix]!; block < end; block += 1) {
      const at = block * INDEX_ENTRY;
      if (!this.hasKey(at, key)) continue;
      const length = this.index.readUInt32LE(at + KEY_LENGTH + 8);
      // Such blocks are in no segment; a pack may have nothing else.
      const segment =
        length === 0 ? 'incompressible' : this.segment(this.index.readUInt32LE(at + KEY_LENGTH));
      if (segment === undefined) return undefined;
      this.used = true;
      if (segment === 'incompressible') return segment;
      const start = this.index.readUInt32LE(at + KEY_LENGTH + 4);
      return segment.subarray(start, start + length);
    }
    return undefined;
  }

  close(): void {
    closeSync(this.fd);
  }

  private hasKey(at: number, key: string): boolean {
    for (let byte = 2; byte < KEY_LENGTH; byte += 1) {
      if (this.index[at + byte] !== key.charCodeAt(byte)) return false;
    }
    return true;
  }

  private segment(number: number): Uint8Array | undefined {
    if (!this.contents.has(number)) this.contents.set(number, this.readSegment(number));
    return this.contents.get(number);
  }

  private readSegment(number: number): Uint8Array | undefined {
    const segment = this.segments[number];
    if (segment === undefined) return undefined;
    try {
      const bytes = this.read(segment.at, segment.length, this.bufferOf(segment.length));
      if (crc32(bytes) !== segment.crc) return undefined;
      // A view of a Uint8Array takes half the time of a view of a Buffer.
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    } catch {
      return undefined;
    }
  }

  /** Memory for a segment: that of the one read first, if enough are kept. Fresh memory takes longer than reading. */
  private bufferOf(length: number): Buffer {
    const capacity = Math.max(length, SEGMENT_BYTES);
    const [first] = this.contents;
    if (first === undefined || this.contents.size < KEPT_SEGMENTS) {
      return Buffer.allocUnsafeSlow(capacity);
    }
    this.contents.delete(first[0]);
    const memory = first[1]?.buffer;
    return memory !== undefined && memory.byteLength >= length
      ? Buffer.from(memory)
      : Buffer.allocUnsafeSlow(capacity);
  }

  /** @throws CramfsError if there are not so many bytes. */
  private read(
    position: number,
    length: number,
    into: Buffer = Buffer.allocUnsafeSlow(length),
  ): Buffer {
    if (position < 0 || readSync(this.fd, into, 0, length, position) !== length) {
      throw new CramfsError('BAD_SOURCE', 'cut off');
    }
    return into.subarray(0, length);
  }
}

/** Writes a pack: nobody sees it before it is whole. */
export class PackWriter {
  private readonly path: string;
  private readonly fd: number;
  private readonly entries: Buffer[] = [];
  private readonly segments: Buffer[] = [];
  private readonly segment = Buffer.allocUnsafe(SEGMENT_BYTES);
  private filled = 0;

  /** @param base path that temporary names are made of: see temporaryName(). @throws system errors. */
  constructor(base: string) {
    this.path = temporaryName(base);
    this.fd = openSync(this.path, 'wx');
  }

  get blocks(): number {
    return this.entries.length;
  }

  /** @throws system errors of writing. */
  add(key: string, block: CachedBlock): void {
    const length = block === 'incompressible' ? 0 : block.length;
    if (this.filled + length > SEGMENT_BYTES) this.flush();
    const entry = Buffer.allocUnsafe(INDEX_ENTRY);
    entry.write(key, 'latin1');
    entry.writeUInt32LE(this.segments.length, KEY_LENGTH);
    entry.writeUInt32LE(this.filled, KEY_LENGTH + 4);
    entry.writeUInt32LE(length, KEY_LENGTH + 8);
    this.entries.push(entry);
    if (block !== 'incompressible') this.segment.set(block, this.filled);
    this.filled += length;
  }

  /** Completes the pack under the name that `nameOf` gives it. @throws system errors. */
  commit(nameOf: (digest: number) => string): void {
    if (this.filled > 0) this.flush();
    this.entries.sort((a, b) => a.readUInt32BE() - b.readUInt32BE() || a.compare(b));
    const table = Buffer.concat([...this.entries, ...this.segments]);
    const end = Buffer.alloc(END);
    end.set(MAGIC);
    end.writeUInt32LE(this.entries.length, 8);
    end.writeUInt32LE(this.segments.length, 12);
    end.writeUInt32LE(crc32(table), 16);
    this.write(table);
    this.write(end);
    renameSync(this.path, nameOf(crc32(table)));
    closeSync(this.fd);
  }

  /** Removes what was written; also after commit() has failed. */
  abort(): void {
    closeSync(this.fd);
    rmSync(this.path, { force: true });
  }

  private flush(): void {
    const bytes = this.segment.subarray(0, this.filled);
    const entry = Buffer.alloc(SEGMENT_ENTRY);
    entry.writeUInt32LE(bytes.length);
    entry.writeUInt32LE(crc32(bytes), 4);
    this.write(bytes);
    this.segments.push(entry);
    this.filled = 0;
  }

  private write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += writeSync(this.fd, bytes, at);
  }
}
