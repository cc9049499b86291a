import { crc32, deflateSync } from 'node:zlib';

/*
 * Writes cramfs images byte by byte, for tests only. It shares no code with the toolkit (its own
 * bit packing, its own layout), so that a mistake in the one cannot hide in the other, and it can
 * write what no builder would: every kind of block in any order, shared and unaligned blocks, lying
 * sizes, loops.
 *
 *   const { bytes } = buildRawImage({
 *     a: file(content, { blocks: 'CDDZ' }),
 *     sub: directory({ loop: directory({}, { sameAs: '/sub' }) }),
 *   }, { endianness: 'big', pad: 512 });
 *
 * Layout: pad, superblock, all directories (the root first, then in the order of the tree), then
 * file after file: pointer table, blocks. Every stored field can be overridden.
 *
 * Names and paths are byte strings (one character per byte), as everywhere in the toolkit.
 */

/**
 * - `C`, `U`: compressed, uncompressed with an ordinary (end) pointer
 * - `H`: hole, an ordinary pointer that equals the block's start
 * - `D`, `Z`: uncompressed, compressed with a direct pointer
 * - `z`: direct compressed block of length 0, which is a hole
 */
export type RawBlockKind = 'C' | 'U' | 'H' | 'D' | 'Z' | 'z';

export interface RawBlock {
  readonly kind: RawBlockKind;
  /** Direct blocks: start at `phase` modulo this; default 4. */
  readonly align?: number | undefined;
  readonly phase?: number | undefined;
  /** Direct blocks: bytes to leave free before the block (and the alignment). */
  readonly gap?: number | undefined;
  /** Direct blocks: exactly here; the place where later things go does not change. */
  readonly at?: number | undefined;
  /** Direct blocks: no data, but the start of a block of a file that was placed before. */
  readonly sameAs?: readonly [path: string, index: number] | undefined;
  /** `D` as the last block: fill the rest of its page with this; default: nothing, others follow. */
  readonly tail?: 'zero' | 'junk' | undefined;
  /** These bytes instead of what the content gives (after the length of a `Z`). */
  readonly stored?: Uint8Array | undefined;
  /** This pointer instead of the right one. */
  readonly pointer?: number | undefined;
}

/** Fields of `struct cramfs_inode` as stored: `namelen` and `offset` count in fours. */
export interface RawInodeFields {
  mode: number;
  uid: number;
  size: number;
  gid: number;
  namelen: number;
  offset: number;
}

interface NodeOptions {
  /** Permission bits; default 0644, directories 0755, symlinks 0777. */
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Stored instead of what was computed. */
  readonly inode?: Partial<RawInodeFields> | undefined;
  /** Stored as the name, with its padding; its length should be a multiple of four. */
  readonly rawName?: Uint8Array | undefined;
  /** Offset and size of this path instead of own data (files: one placed before). */
  readonly sameAs?: string | undefined;
}

export interface FileOptions extends NodeOptions {
  /** One kind or block per block of the file; a string of kinds; default all `C`. */
  readonly blocks?: string | readonly (RawBlockKind | RawBlock)[] | undefined;
}

interface RawFile extends FileOptions {
  readonly type: 'file' | 'symlink';
  readonly content: Uint8Array;
}
interface RawDirectory extends NodeOptions {
  readonly type: 'directory';
  readonly entries: RawTree;
}
interface RawSpecial extends NodeOptions {
  readonly type: 'special';
  /** The whole mode. */
  readonly mode: number;
  readonly size: number;
}
export type RawNode = RawFile | RawDirectory | RawSpecial;
/**
 * Entries of a directory. A list keeps its order and may repeat names (the path of the second `/a`
 * is `/a#2`); an object is sorted.
 */
export type RawTree = Readonly<Record<string, RawNode>> | readonly (readonly [string, RawNode])[];

export interface RawImageOptions {
  readonly endianness?: 'little' | 'big' | undefined;
  readonly blockSize?: number | undefined;
  /** Bytes before the superblock, 0 or 512. */
  readonly pad?: number | undefined;
  /** Bytes between superblock and root directory; with any, flag 0x400 is set. */
  readonly rootShift?: number | undefined;
  /** Without flag 1 (FSID_VERSION_2): no CRC, and the constant 65536 for a size. */
  readonly v1?: boolean | undefined;
  /** Fields of the superblock, instead of what was computed. */
  readonly flags?: number | undefined;
  readonly size?: number | undefined;
  readonly crc?: number | undefined;
  readonly signature?: string | undefined;
  readonly name?: string | undefined;
  readonly root?: Partial<RawInodeFields> | undefined;
  /** The image's length is rounded up to this; default 4096. */
  readonly roundTo?: number | undefined;
  /** Bytes after the image, not counted in its size. */
  readonly trailer?: Uint8Array | undefined;
}

export interface PlacedBlock {
  readonly pointer: number;
  /** Of the stored data; a `Z`'s length stands before it. */
  readonly start: number;
  readonly length: number;
}

export interface Placed {
  /** Of the pointer table or the entries. */
  readonly offset: number;
  readonly size: number;
  /** Of the inode; of the root too. */
  entry: number;
  readonly blocks: readonly PlacedBlock[];
}

export interface RawImage {
  readonly bytes: Uint8Array;
  /** Where things went, by path. */
  readonly placed: ReadonlyMap<string, Placed>;
}

const SUPERBLOCK_SIZE = 76;
const ROOT_INODE_AT = 64;
const CRC_AT = 32;
const JUNK = 0xa5;

export function file(content: Uint8Array | string, options: FileOptions = {}): RawNode {
  return {
    ...options,
    type: 'file',
    content: typeof content === 'string' ? latin1(content) : content,
  };
}

export function symlink(target: string, options: FileOptions = {}): RawNode {
  return { ...options, type: 'symlink', content: latin1(target) };
}

export function directory(entries: RawTree = {}, options: NodeOptions = {}): RawNode {
  return { ...options, type: 'directory', entries };
}

/** A device, fifo, socket or something unheard of: `mode` is the whole mode, `size` is stored. */
export function special(mode: number, size = 0, options: NodeOptions = {}): RawNode {
  return { ...options, type: 'special', mode, size };
}

/** Writes an image of `tree`. */
export function buildRawImage(tree: RawTree, options: RawImageOptions = {}): RawImage {
  return new Writer(options).write(tree);
}

/** Puts the right CRC into an image whose bytes a test has changed. */
export function fixCrc(bytes: Uint8Array, options: RawImageOptions = {}): void {
  const pad = options.pad ?? 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = options.endianness !== 'big';
  view.setUint32(pad + CRC_AT, 0, little);
  const end = Math.min(bytes.length, view.getUint32(pad + 4, little));
  view.setUint32(pad + CRC_AT, crc32(bytes.subarray(pad, end)), little);
}

/** `length` bytes that compress, but not to nothing; the same for the same seed. */
export function text(length: number, seed = 1): Uint8Array {
  const bytes = noise(length, seed);
  return bytes.map((byte) => 97 + (byte & 7));
}

/** `length` bytes that do not compress; the same for the same seed. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = (seed * 2654435761 + 1) >>> 0;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function latin1(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

function entriesOf(tree: RawTree): readonly (readonly [string, RawNode])[] {
  if (Array.isArray(tree)) return tree as readonly (readonly [string, RawNode])[];
  return Object.entries(tree as Readonly<Record<string, RawNode>>).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
}

/** The entries of a directory with their paths, each path once. */
function childrenOf(
  parent: string,
  tree: RawTree,
): { path: string; name: string; node: RawNode }[] {
  const seen = new Map<string, number>();
  return entriesOf(tree).map(([name, node]) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    const suffix = count === 1 ? '' : `#${count}`;
    return { path: `${parent === '/' ? '' : parent}/${name}${suffix}`, name, node };
  });
}

function roundUp(value: number, unit: number, phase = 0): number {
  return Math.ceil((value - phase) / unit) * unit + phase;
}

class Writer {
  private readonly little: boolean;
  private readonly blockSize: number;
  private readonly placed = new Map<string, Placed>();
  private bytes = new Uint8Array(65536);
  /** Where the next thing goes. */
  private end = 0;
  /** Behind the last byte written. */
  private used = 0;
  private extended = false;
  private holes = false;
  private readonly options: RawImageOptions;

  constructor(options: RawImageOptions) {
    this.options = options;
    this.little = options.endianness !== 'big';
    this.blockSize = options.blockSize ?? 4096;
  }

  write(tree: RawTree): RawImage {
    const { pad = 0, rootShift = 0, roundTo = 4096, trailer = new Uint8Array(0) } = this.options;
    const rootNode: RawDirectory = { type: 'directory', entries: tree };
    this.end = pad + SUPERBLOCK_SIZE + rootShift;
    this.placeDirectory('/', rootNode);
    this.placeFiles('/', tree);
    this.writeEntries('/', tree);

    const root = this.placed.get('/')!;
    root.entry = pad + ROOT_INODE_AT;
    const end = roundUp(Math.max(this.end, this.used), roundTo);
    this.reserve(end);
    this.writeSuperblock(pad, end, root, rootShift);
    return { bytes: concat(this.bytes.subarray(0, end), trailer), placed: this.placed };
  }

  private writeSuperblock(at: number, end: number, root: Placed, rootShift: number): void {
    const { v1 = false, name = 'raw', signature = 'Compressed ROMFS' } = this.options;
    const flags =
      (v1 ? 0 : 1 | 2) |
      (this.holes ? 0x100 : 0) |
      (rootShift > 0 ? 0x400 : 0) |
      (this.extended ? 0x800 : 0);
    this.u32(at, 0x28cd3d45);
    this.u32(at + 4, this.options.size ?? (v1 ? 0x10000 : end));
    this.u32(at + 8, this.options.flags ?? flags);
    this.put(at + 16, latin1(signature.padEnd(16, '\0')));
    this.u32(at + 40, v1 ? 0 : Math.ceil(end / this.blockSize));
    this.u32(at + 44, v1 ? 0 : this.placed.size);
    this.put(at + 48, latin1(name.padEnd(16, '\0')));
    this.inode(at + ROOT_INODE_AT, {
      mode: 0o40755,
      uid: 0,
      gid: 0,
      size: root.size,
      namelen: 0,
      offset: root.offset / 4,
      ...this.options.root,
    });
    if (v1) return;
    fixCrc(this.bytes.subarray(0, end), this.options);
    if (this.options.crc !== undefined) this.u32(at + CRC_AT, this.options.crc);
  }

  /** Reserves the extents of a directory and of all below it. */
  private placeDirectory(path: string, node: RawDirectory): void {
    let size = 0;
    const children = childrenOf(path, node.entries);
    for (const { name, node } of children) {
      size += 12 + (node.rawName?.length ?? roundUp(name.length, 4));
    }
    this.placed.set(path, { offset: size === 0 ? 0 : this.end, size, entry: 0, blocks: [] });
    this.end += size;
    for (const child of children) {
      if (child.node.type !== 'directory' || child.node.sameAs !== undefined) continue;
      this.placeDirectory(child.path, child.node);
    }
  }

  private placeFiles(parent: string, tree: RawTree): void {
    for (const { path, node } of childrenOf(parent, tree)) {
      if (node.type === 'directory' && node.sameAs === undefined) {
        this.placeFiles(path, node.entries);
      } else if (node.sameAs === undefined && (node.type === 'file' || node.type === 'symlink')) {
        this.placed.set(path, this.placeFile(node));
      }
    }
  }

  private placeFile({ content, blocks: wanted }: RawFile): Placed {
    if (content.length === 0) return { offset: 0, size: 0, entry: 0, blocks: [] };
    const count = Math.ceil(content.length / this.blockSize);
    const specs: readonly (string | RawBlock)[] = Array.from<string | RawBlock>(
      wanted ?? 'C'.repeat(count),
    );
    if (specs.length !== count) throw new Error(`${specs.length} blocks given, ${count} needed`);
    const table = (this.end = roundUp(this.end, 4));
    this.end += 4 * count;
    this.reserve(this.end);
    this.used = Math.max(this.used, this.end);

    const blocks: PlacedBlock[] = [];
    /** Where an ordinary block would start. */
    let next = this.end;
    specs.forEach((spec, index) => {
      const block = typeof spec === 'string' ? { kind: spec as RawBlockKind } : spec;
      const data = content.subarray(index * this.blockSize, (index + 1) * this.blockSize);
      const placed = this.placeBlock(block, data, next);
      next = placed.next;
      this.u32(table + 4 * index, block.pointer ?? placed.pointer);
      blocks.push({
        pointer: block.pointer ?? placed.pointer,
        start: placed.start,
        length: placed.length,
      });
    });
    return { offset: table, size: content.length, entry: 0, blocks };
  }

  private placeBlock(
    block: RawBlock,
    data: Uint8Array,
    next: number,
  ): PlacedBlock & { next: number } {
    const compressed = block.kind === 'C' || block.kind === 'Z';
    const isHole = block.kind === 'H' || block.kind === 'z';
    const stored =
      block.stored ?? (isHole ? new Uint8Array(0) : compressed ? deflateSync(data) : data);
    if (isHole) this.holes = true;
    const { length } = stored;

    if (block.kind === 'C' || block.kind === 'U' || block.kind === 'H') {
      if (this.end > next) throw new Error('an ordinary block cannot follow a block elsewhere');
      this.put(next, stored);
      this.end = next + length;
      const uncompressed = block.kind === 'U';
      if (uncompressed) this.extended = true;
      return {
        pointer: (this.end | (uncompressed ? 0x80000000 : 0)) >>> 0,
        start: next,
        length,
        next: this.end,
      };
    }

    this.extended = true;
    const flags = block.kind === 'D' ? 0xc0000000 : 0x40000000;
    const head = block.kind === 'D' ? 0 : 2;
    const start = this.directStart(block, head);
    if (block.sameAs === undefined) {
      if (head > 0) this.u16(start, length);
      this.put(start + head, stored);
      const end = this.fillTail(block, start + head + length);
      if (block.at === undefined) this.end = end;
    }
    // A reader expects a direct uncompressed block to be a whole one.
    const end = block.kind === 'D' ? start + this.blockSize : start + head + length;
    return {
      pointer: (start / 4 + flags) >>> 0,
      start: start + head,
      length,
      next: end,
    };
  }

  private directStart(block: RawBlock, head: number): number {
    if (block.sameAs !== undefined) {
      const [path, index] = block.sameAs;
      return this.placed.get(path)!.blocks[index]!.start - head;
    }
    return block.at ?? roundUp(this.end + (block.gap ?? 0), block.align ?? 4, block.phase ?? 0);
  }

  /** Returns where the next thing may go. */
  private fillTail({ tail }: RawBlock, end: number): number {
    if (tail === undefined) return end;
    const page = roundUp(end, this.blockSize);
    this.put(end, new Uint8Array(page - end).fill(tail === 'junk' ? JUNK : 0));
    return page;
  }

  private writeEntries(parent: string, tree: RawTree): void {
    let at = this.placed.get(parent)!.offset;
    for (const { path, name, node } of childrenOf(parent, tree)) {
      const nameField = node.rawName ?? latin1(name.padEnd(roundUp(name.length, 4), '\0'));
      const data = this.placed.get(node.sameAs ?? path);
      if (data !== undefined && node.sameAs === undefined) data.entry = at;
      this.inode(at, {
        mode: modeOf(node),
        uid: node.uid ?? 0,
        gid: node.gid ?? 0,
        size: node.type === 'special' ? node.size : data!.size,
        namelen: nameField.length / 4,
        offset: node.type === 'special' ? 0 : data!.offset / 4,
        ...node.inode,
      });
      this.put(at + 12, nameField);
      at += 12 + nameField.length;
      if (node.type === 'directory' && node.sameAs === undefined) {
        this.writeEntries(path, node.entries);
      }
    }
  }

  /** Bit-fields fill from the low end in little-endian images, from the high end in big-endian. */
  private inode(at: number, inode: RawInodeFields): void {
    const { mode, uid, size, gid, namelen, offset } = inode;
    if (this.little) {
      this.u32(at, mode + uid * 0x10000);
      this.u32(at + 4, size + gid * 0x1000000);
      this.u32(at + 8, namelen + offset * 0x40);
    } else {
      this.u32(at, mode * 0x10000 + uid);
      this.u32(at + 4, size * 0x100 + gid);
      this.u32(at + 8, namelen * 0x4000000 + offset);
    }
  }

  private u32(at: number, value: number): void {
    const bytes = [value >>> 24, value >>> 16, value >>> 8, value].map((byte) => byte & 0xff);
    this.put(at, Uint8Array.from(this.little ? bytes.reverse() : bytes));
  }

  private u16(at: number, value: number): void {
    const bytes = [value >>> 8, value].map((byte) => byte & 0xff);
    this.put(at, Uint8Array.from(this.little ? bytes.reverse() : bytes));
  }

  private put(at: number, bytes: Uint8Array): void {
    this.reserve(at + bytes.length);
    this.bytes.set(bytes, at);
    this.used = Math.max(this.used, at + bytes.length);
  }

  private reserve(length: number): void {
    if (length <= this.bytes.length) return;
    const larger = new Uint8Array(2 * length);
    larger.set(this.bytes);
    this.bytes = larger;
  }
}

function modeOf(node: RawNode): number {
  switch (node.type) {
    case 'file':
      return 0o100000 + (node.mode ?? 0o644);
    case 'symlink':
      return 0o120000 + (node.mode ?? 0o777);
    case 'directory':
      return 0o40000 + (node.mode ?? 0o755);
    case 'special':
      return node.mode;
  }
}
