import {
  CRAMFS_DEFAULT_BLOCK_SIZE,
  CramfsError,
  bytesToName,
  CRAMFS_SUPER_ROOT_OFFSET,
  isBlockSize,
  type BlockSize,
  type Endianness,
  plural,
} from 'cramfs-format';
import { countBlockSizeVotes, type BlockSizeVotes } from './block-size.js';
import { blockContent, checkedBlockCount, decodeBlock } from './blocks.js';
import { directoryEntries } from './directory.js';
import type { ImageData } from './image-data.js';
import {
  dialectName,
  methodOf,
  recogniseImage,
  statedBlockSize,
  type RecognisedImage,
} from './dialects/index.js';
import type { Dialect } from './dialects/dialect.js';
import type { DialectName } from './dialects/names.js';
import { OPENRG, isOpenRgOf8K } from './dialects/openrg.js';
import { STANDARD } from './dialects/standard.js';
import { swapU32 } from './dialects/swapped-crc.js';
import type { WordSize } from './dialects/swapped-words.js';
import { makeInode } from './inode.js';
import { PathResolver } from './lookup.js';
import { noSuperblock, checkSuperblock, fsidCrc, statedSize } from './superblock.js';
import type {
  Block,
  DirectoryEntry,
  Inode,
  LookupOptions,
  OpenOptions,
  Superblock,
  WalkEntry,
  WalkOptions,
} from './types.js';
import { walkTree } from './walk.js';
import { portableZlib, type ZlibCodec } from './zlib.js';

/** Targets longer than any system takes (PATH_MAX is 4096) are damage. */
const MAX_SYMLINK_SIZE = 65535;

/**
 * Opens the cramfs image at `offset` of `bytes`, which must not change while the image is in use.
 * A truncated image opens as well, to save what is there: compare `superblock.size` with
 * `bytes.length`. So does one of a dialect whose blocks cannot be read: see
 * {@link CramfsImage.unreadable}.
 *
 * @throws CramfsError BAD_MAGIC, BAD_SUPERBLOCK or BAD_REQUEST; UNSUPPORTED for flags that Linux
 * refuses, if `dialect` is `standard`.
 */
export function openImage(bytes: Uint8Array, options: OpenOptions = {}): CramfsImage {
  const { offset = 0, blockSize, preferredBlockSize, dialect } = options;
  if (!Number.isInteger(offset) || offset < 0) {
    throw new CramfsError('BAD_REQUEST', `not a valid offset: ${offset}`);
  }
  if (blockSize !== undefined && !isBlockSize(blockSize)) {
    throw new CramfsError('BAD_REQUEST', `not a valid block size: ${String(blockSize)}`);
  }
  // Make plain bytes of a Buffer, whose subarray() is several times slower.
  const start = Math.min(offset, bytes.length);
  const own = new Uint8Array(bytes.buffer, bytes.byteOffset + start, bytes.length - start);
  const recognised = recogniseImage(own, dialect);
  if (recognised === undefined) throw noSuperblock();
  checkSuperblock(recognised.superblock, recognised.dialect);
  if (blockSize !== undefined) return new CramfsImage(recognised, blockSize, options);
  return withDetectedBlockSize(recognised, options, preferredBlockSize, dialect !== undefined);
}

/**
 * An image whose block size comes from its flags or files, and with it the dialect, unless the user has named
 * one.
 */
export function withDetectedBlockSize(
  recognised: RecognisedImage,
  codecs: Codecs,
  preferred: BlockSize | undefined,
  isNamed = false,
): CramfsImage {
  const stated = statedBlockSize(recognised);
  if (stated !== undefined) return new CramfsImage(recognised, stated, codecs);
  const image = new CramfsImage(recognised, CRAMFS_DEFAULT_BLOCK_SIZE, codecs);
  const votes = countBlockSizeVotes(image, preferred);
  const { dialect, superblock } = recognised;
  const isOpenRg = !isNamed && dialect === STANDARD && isOpenRgOf8K(superblock.flags, votes);
  const known = isOpenRg ? { ...recognised, dialect: OPENRG } : recognised;
  return new CramfsImage(known, votes.size, codecs, votes);
}

/** What inflates blocks. */
export type Codecs = Pick<OpenOptions, 'zlib' | 'lzma'>;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An open image. All offsets count from the file system's byte 0, a pad included. */
export class CramfsImage implements ImageData {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly size: number;
  readonly superblock: Superblock;
  readonly endianness: Endianness;
  readonly blockSize: BlockSize;
  /** The votes that the block size was detected from; undefined if the caller gave it. */
  readonly blockSizeVotes: BlockSizeVotes | undefined;
  readonly root: Inode;
  readonly zlib: ZlibCodec;
  readonly dialect: Dialect;
  /** Why the content of files and symlinks cannot be read, in words; undefined if it can. */
  readonly unreadable: string | undefined;
  readonly wordSize: WordSize;
  private readonly resolver: PathResolver;

  /** Use {@link openImage}. */
  constructor(
    recognised: RecognisedImage,
    blockSize: BlockSize,
    codecs: Codecs,
    blockSizeVotes?: BlockSizeVotes,
  ) {
    const { bytes, superblock, dialect, wordSize } = recognised;
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.superblock = superblock;
    this.endianness = superblock.endianness;
    this.size = Math.min(statedSize(superblock) ?? bytes.length, bytes.length);
    this.blockSize = blockSize;
    this.blockSizeVotes = blockSizeVotes;
    this.dialect = dialect;
    this.wordSize = wordSize;
    const { zlib = portableZlib, lzma } = codecs;
    const isLzma = methodOf(recognised) === 'lzma';
    this.zlib =
      isLzma && lzma !== undefined
        ? { ...lzma, crc32: (data, crc) => zlib.crc32(data, crc) }
        : zlib;
    this.unreadable =
      dialect.unreadable ??
      (isLzma && lzma === undefined ? 'the blocks are LZMA, and no decoder was given' : undefined);
    this.root = makeInode(superblock.root, superblock.offset + CRAMFS_SUPER_ROOT_OFFSET, 0);
    this.resolver = new PathResolver(this);
  }

  /** The dialect's name; `swapped-16` and `swapped-32` if the file's words are stored backwards. */
  get dialectName(): DialectName {
    return dialectName(this);
  }

  /** True if the superblock says that the image is larger than the bytes that are there. */
  get isCutOff(): boolean {
    return (statedSize(this.superblock) ?? 0) > this.bytes.length;
  }

  /**
   * A directory's entries in stored order. Names are as the image holds them: a caller that makes files from
   * them has to refuse `..` and `/`.
   *
   * @throws CramfsError WRONG_TYPE, OUT_OF_RANGE or BAD_ENTRY.
   */
  readDirectory(dir: Inode): DirectoryEntry[] {
    return [...directoryEntries(this, dir)];
  }

  /** Like {@link readDirectory}, but gives the entries before a bad one, and then throws. */
  entries(dir: Inode): Generator<DirectoryEntry> {
    return directoryEntries(this, dir);
  }

  /**
   * Everything below `from` (default: the root), itself included, each directory before its
   * entries.
   *
   * @throws CramfsError with the path of a directory that cannot be read, or LOOP: a directory is
   * reached twice, overlaps others or is nested too deep. See {@link WalkOptions}.
   */
  walk(from: Inode = this.root, options: WalkOptions = {}): Generator<WalkEntry> {
    return walkTree(this, from, options);
  }

  /**
   * The inode at `path`, a byte string that is taken from the root. Follows symlinks, at most 40.
   *
   * @throws CramfsError NOT_FOUND, WRONG_TYPE, LOOP, or what reading a directory throws.
   */
  lookup(path: string, options: LookupOptions = {}): Inode {
    return this.resolver.resolve(path, options);
  }

  /** The target of a symlink, a byte string. */
  readlink(inode: Inode): string {
    if (inode.type !== 'symlink') {
      throw new CramfsError('WRONG_TYPE', 'not a symbolic link', { offset: inode.entryOffset });
    }
    if (inode.size > MAX_SYMLINK_SIZE) {
      throw new CramfsError('BAD_ENTRY', `a symbolic link of ${plural(inode.size, 'byte')}`, {
        offset: inode.entryOffset,
      });
    }
    const target = bytesToName(this.readFile(inode));
    return this.dialect.nulTerminatedTargets === true ? target.replace(/\0.*$/s, '') : target;
  }

  /**
   * Number of blocks of a file or symlink whose pointer table is in the image.
   *
   * @throws CramfsError WRONG_TYPE, BAD_ENTRY (content, but no data offset) or OUT_OF_RANGE.
   */
  blockCount(inode: Inode): number {
    return checkedBlockCount(this, inode);
  }

  /**
   * One block pointer of a file or symlink, decoded as Linux does and checked.
   *
   * @throws CramfsError BAD_BLOCK, OUT_OF_RANGE, BAD_ENTRY, WRONG_TYPE; BAD_REQUEST if there is no
   * such block.
   */
  block(inode: Inode, index: number): Block {
    const count = checkedBlockCount(this, inode);
    if (!Number.isInteger(index) || index < 0 || index >= count) {
      throw new CramfsError('BAD_REQUEST', `no block ${index}: there are ${count}`, {
        offset: inode.entryOffset,
      });
    }
    return decodeBlock(this, inode, index, count);
  }

  /** All blocks of a file or symlink; throws as {@link block} does, at the first bad one. */
  blocks(inode: Inode): Block[] {
    const count = checkedBlockCount(this, inode);
    return Array.from({ length: count }, (_, index) => decodeBlock(this, inode, index, count));
  }

  /**
   * Content of one block: min(blockSize, what is left of the file) bytes, in fresh memory or as a
   * view of the image that must not be written to.
   *
   * @throws CramfsError as {@link block} does, and BAD_DATA.
   */
  readBlock(inode: Inode, index: number): Uint8Array {
    return blockContent(this, this.block(inode, index));
  }

  /**
   * The true content of a file or symlink: what was stored, even where Linux 6.12 reads zeros (a direct
   * uncompressed last block of a file of whole blocks).
   *
   * @returns fresh memory.
   * @throws CramfsError as {@link readBlock} does.
   */
  readFile(inode: Inode): Uint8Array {
    const count = checkedBlockCount(this, inode);
    const content = new Uint8Array(inode.size);
    for (let index = 0; index < count; index += 1) {
      const block = decodeBlock(this, inode, index, count);
      if (block.kind !== 'hole') content.set(blockContent(this, block), index * this.blockSize);
    }
    return content;
  }

  /**
   * The CRC over the image, to compare with `superblock.crc` if CRAMFS_FLAG_FSID_VERSION_2 is set.
   */
  computeCrc(): number {
    const crc = fsidCrc(this.bytes, this.superblock.offset, this.size, this.zlib);
    return this.dialect.swappedCrc === true ? swapU32(crc) : crc;
  }
}
