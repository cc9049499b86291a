import { crc32, deflateSync } from 'node:zlib';

/*
 * Writes small images of the dialects of cramfs, for tests only: it shares no code with the toolkit.
 * Directories first, in the order of the tree, then the content of one file after the other.
 */

export interface DialectFile {
  readonly mode: number;
  readonly content: Uint8Array;
  readonly uid?: number;
  readonly gid?: number;
}
export interface DialectDirectory {
  readonly [name: string]: DialectFile | DialectDirectory;
}

export interface DialectImageOptions {
  readonly flags?: number;
  readonly endianness?: 'little' | 'big';
  readonly blockSize?: number;
  /** What a block is stored as; default a zlib stream. */
  readonly compress?: (block: Uint8Array) => Uint8Array;
  /** 12, or Jinke's 16. */
  readonly inodeSize?: 12 | 16;
  /** Where the content of a node starts if it is in one piece, given the next free byte. */
  readonly extent?: (node: DialectFile, free: number) => number | undefined;
  readonly crc?: (right: number) => number;
  readonly trailer?: Uint8Array;
}

interface Placed {
  readonly node: DialectFile | DialectDirectory;
  readonly name: Uint8Array;
  size: number;
  offset: number;
}

const isFile = (node: DialectFile | DialectDirectory): node is DialectFile =>
  node.content instanceof Uint8Array;
const up = (value: number, unit: number): number => Math.ceil(value / unit) * unit;

export function buildDialectImage(
  tree: DialectDirectory,
  options: DialectImageOptions = {},
): Uint8Array {
  const { flags = 3, endianness = 'little', blockSize = 4096, inodeSize = 12, trailer } = options;
  const compress = options.compress ?? ((block: Uint8Array) => deflateSync(block));
  const little = endianness === 'little';
  const bytes = new Uint8Array(1 << 20);
  const view = new DataView(bytes.buffer);
  const u32 = (at: number, value: number): void => {
    view.setUint32(at, value >>> 0, little);
  };
  const inode = (at: number, { node, name, size, offset }: Placed): void => {
    const { mode = 0o40755, uid = 0, gid = 0 } = isFile(node) ? node : {};
    const [length, place] = [name.length / 4, offset / 4];
    u32(at, little ? mode | (uid << 16) : (mode << 16) | uid);
    u32(at + 4, little ? size | (gid << 24) : (size << 8) | gid);
    if (inodeSize === 16) {
      u32(at + 8, little ? 0xa5 | (length << 8) : (0xa5 << 24) | length);
      u32(at + 12, place);
    } else {
      u32(at + 8, little ? length | (place << 6) : (length << 26) | place);
    }
  };

  const root: Placed = { node: tree, name: new Uint8Array(0), size: 0, offset: 64 + inodeSize };
  let free = root.offset;
  const directories: (readonly [Placed, Placed[]])[] = [];
  const files: Placed[] = [];
  const enter = (directory: Placed): void => {
    const children = Object.keys(directory.node)
      .sort()
      .map((text): Placed => {
        const name = new Uint8Array(up(text.length, 4));
        name.set(Buffer.from(text, 'latin1'));
        const node = (directory.node as DialectDirectory)[text]!;
        return { node, name, size: isFile(node) ? node.content.length : 0, offset: 0 };
      });
    directory.size = children.reduce((sum, { name }) => sum + inodeSize + name.length, 0);
    directory.offset = directory.size === 0 ? 0 : free;
    free += directory.size;
    directories.push([directory, children]);
    for (const child of children) {
      if (isFile(child.node)) files.push(child);
      else enter(child);
    }
  };
  enter(root);
  for (const file of files) {
    const { content } = file.node as DialectFile;
    if (content.length === 0) continue;
    file.offset = free;
    const extent = options.extent?.(file.node as DialectFile, free);
    if (extent !== undefined) {
      bytes.set(content, extent);
      free = up(extent + content.length, 4);
      continue;
    }
    const blocks = Math.ceil(content.length / blockSize);
    let end = free + 4 * blocks;
    for (let index = 0; index < blocks; index += 1) {
      const stored = compress(content.subarray(index * blockSize, (index + 1) * blockSize));
      bytes.set(stored, end);
      end += stored.length;
      u32(free + 4 * index, end);
    }
    free = up(end, 4);
  }
  for (const [directory, children] of directories) {
    let at = directory.offset;
    for (const child of children) {
      inode(at, child);
      bytes.set(child.name, at + inodeSize);
      at += inodeSize + child.name.length;
    }
  }
  const size = up(free + 264, blockSize);
  u32(0, 0x28cd3d45);
  u32(4, size);
  u32(8, flags);
  bytes.set(Buffer.from('Compressed ROMFS'), 16);
  u32(40, files.filter((file) => file.size > 0).length);
  u32(44, files.length + directories.length);
  bytes.set(Buffer.from('Compressed'), 48);
  inode(64, root);
  const crc = crc32(bytes.subarray(0, size));
  u32(32, options.crc === undefined ? crc : options.crc(crc));
  const image = new Uint8Array(size + (trailer?.length ?? 0));
  image.set(bytes.subarray(0, size));
  image.set(trailer ?? new Uint8Array(0), size);
  return image;
}

/** Regular files with the sticky bit, on the next page. */
export function stickyExtent({ mode }: DialectFile, free: number): number | undefined {
  return (mode & 0o171000) === 0o101000 ? up(free, 4096) : undefined;
}

/** Turns the bytes of each word round. */
export function swapWordsOf(bytes: Uint8Array, size: 2 | 4): Uint8Array {
  const swapped = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += size) {
    for (let byte = 0; byte < size; byte += 1) swapped[at + byte] = bytes[at + size - 1 - byte]!;
  }
  return swapped;
}

/** What OpenRG has in a block, made of a .lzma stream: properties, u32 length, data. */
export function openRgBlock(stream: Uint8Array): Uint8Array {
  const block = new Uint8Array(stream.length - 4);
  block.set(stream.subarray(0, 9));
  block.set(stream.subarray(13), 9);
  return block;
}
