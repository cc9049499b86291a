import {
  CRAMFS_INODE_SIZE,
  DIRECT_LENGTH_SIZE,
  isCramfsError,
  type BlockSize,
  type Endianness,
} from 'cramfs-format';
import { chooseImage, findImages, openImage, type Block, type CramfsImage } from 'cramfs-reader';
import { dissectProgram, type ProgramAnatomy } from './program-anatomy.js';

/** A range of a file. */
export interface Range {
  readonly start: number;
  readonly length: number;
}

/** Where the parts of an image stand, as offsets in the file that holds it: what to aim at. */
export interface Anatomy {
  /** Where the file system's byte 0 stands. */
  readonly base: number;
  readonly superblock: number;
  readonly endianness: Endianness;
  readonly blockSize: BlockSize;
  /** Every `struct cramfs_inode`, the root's first. */
  readonly inodes: readonly number[];
  /** Those of directories among them. */
  readonly directories: readonly number[];
  /** Name fields of directory entries. */
  readonly names: readonly Range[];
  /** Block pointers. */
  readonly pointers: readonly number[];
  /** The u16 before the data of direct compressed blocks. */
  readonly lengths: readonly number[];
  /** Stored data of blocks. */
  readonly blocks: readonly Range[];
  /** The block pointers of files, a table each. */
  readonly tables: readonly Range[];
  /** Programs whose bytes are in the image as they are, one block after the other. */
  readonly programs: readonly ProgramAnatomy[];
}

/** @throws Error if there is no image in `bytes`. */
export function dissect(bytes: Uint8Array): Anatomy {
  const base = chooseImage(findImages(bytes))?.offset;
  if (base === undefined) throw new Error('there is no image to dissect');
  const image = openImage(bytes, { offset: base });
  const entries = [...image.walk(image.root, { onError: () => undefined })];
  const inodes = entries.map(({ inode }) => inode);
  const files = inodes.flatMap((inode) =>
    inode.type === 'file' || inode.type === 'symlink' ? [readableBlocks(image, inode)] : [],
  );
  const blocks = files.flat();
  return {
    base,
    superblock: base + image.superblock.offset,
    endianness: image.endianness,
    blockSize: image.blockSize,
    inodes: inodes.map(({ entryOffset }) => base + entryOffset),
    directories: inodes
      .filter(({ type }) => type === 'directory')
      .map(({ entryOffset }) => base + entryOffset),
    names: entries.slice(1).map(({ name, inode }) => ({
      start: base + inode.entryOffset + CRAMFS_INODE_SIZE,
      length: 4 * Math.ceil(name.length / 4),
    })),
    pointers: blocks.map(({ pointerOffset }) => base + pointerOffset),
    lengths: blocks
      .filter(({ direct, kind }) => direct && kind !== 'uncompressed')
      .map(({ start }) => base + start - DIRECT_LENGTH_SIZE),
    blocks: blocks
      .filter(({ kind }) => kind !== 'hole')
      .map(({ start, length }) => ({ start: base + start, length })),
    tables: files
      .filter((table) => table.length > 0)
      .map((table) => ({ start: base + table[0]!.pointerOffset, length: 4 * table.length })),
    programs: files.flatMap((table) => {
      const stored = storedInARow(table);
      if (stored === undefined) return [];
      const { start, length } = stored;
      const program = dissectProgram(image.bytes.subarray(start, start + length), base + start);
      return program === undefined ? [] : [program];
    }),
  };
}

/** Where a file's content is, if no block of it is compressed or somewhere else. */
function storedInARow(blocks: readonly Block[]): Range | undefined {
  const [first] = blocks;
  if (first === undefined) return undefined;
  let end = first.start;
  for (const { kind, start, length } of blocks) {
    if (kind !== 'uncompressed' || start !== end) return undefined;
    end = start + length;
  }
  return { start: first.start, length: end - first.start };
}

function readableBlocks(image: CramfsImage, inode: Parameters<CramfsImage['blocks']>[0]): Block[] {
  try {
    return image.blocks(inode);
  } catch (error) {
    if (isCramfsError(error)) return [];
    throw error;
  }
}
