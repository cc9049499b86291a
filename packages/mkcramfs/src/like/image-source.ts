import {
  CramfsError,
  DIRECT_ALIGNMENT,
  DIRECT_LENGTH_SIZE,
  alignUp,
  isCramfsError,
  nameToText,
  withPath,
} from 'cramfs-format';
import type { Block, CramfsImage, DirectoryEntry as ImageEntry, Inode } from 'cramfs-reader';
import type { StoredContent } from '../stored-content.js';
import { joinPath, type DirectoryEntry, type FileEntry, type TreeEntry } from '../tree.js';
import type { BlockRange } from '../xip-ranges.js';

export interface ImageSourceOptions {
  /** Byte-string paths to leave out, with all below them. */
  readonly exclude?: ((path: string) => boolean) | undefined;
}

/**
 * The tree of an image, to make another one from. Files record how they are stored: with BuildOptions.reuse
 * their blocks are copied as they are.
 *
 * @throws CramfsError with the path of anything damaged: nothing is left out of a new image silently.
 */
export function readImageSource(
  image: CramfsImage,
  { exclude = () => false }: ImageSourceOptions = {},
): DirectoryEntry {
  return new ImageSource(image, exclude).directory('/', image.root);
}

class ImageSource {
  private readonly image: CramfsImage;
  private readonly exclude: (path: string) => boolean;
  /** By data offset and size: the names of one inode have one function that reads it. */
  private readonly files = new Map<string, Pick<FileEntry, 'read' | 'stored'>>();
  /** Data offsets of directories: one that is reached twice would make an endless tree from a few bytes. */
  private readonly directories = new Set<number>();

  constructor(image: CramfsImage, exclude: (path: string) => boolean) {
    this.image = image;
    this.exclude = exclude;
  }

  directory(path: string, inode: Inode): DirectoryEntry {
    if (inode.size > 0) {
      if (this.directories.has(inode.dataOffset)) {
        throw new CramfsError('LOOP', 'the directory is reached twice', { path });
      }
      this.directories.add(inode.dataOffset);
    }
    const { mode, uid, gid } = inode;
    const children = new Map<string, TreeEntry>();
    for (const { name, inode: child } of this.entries(path, inode)) {
      const childPath = joinPath(path, name);
      if (name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
        const message = `a name that no file can have: ${nameToText(name)}`;
        throw new CramfsError('BAD_ENTRY', message, { path, offset: child.entryOffset });
      }
      // Of two entries with the same name, Linux finds the first.
      if (children.has(name) || this.exclude(childPath)) continue;
      children.set(name, this.entry(childPath, child));
    }
    return { type: 'directory', mode, uid, gid, children };
  }

  private entries(path: string, inode: Inode): ImageEntry[] {
    return located(path, () => this.image.readDirectory(inode));
  }

  private entry(path: string, inode: Inode): TreeEntry {
    const { image } = this;
    const { type, mode, uid, gid, size, rdev } = inode;
    switch (type) {
      case 'directory':
        return this.directory(path, inode);
      case 'file':
        return { type, mode, uid, gid, size, ...this.file(path, inode) };
      case 'symlink': {
        const target = located(path, () => image.readlink(inode));
        return { type, mode, uid, gid, target, stored: () => storedContent(image, inode) };
      }
      case 'char-device':
      case 'block-device':
        return { type, mode, uid, gid, rdev: rdev! };
      case 'fifo':
      case 'socket':
        return { type, mode, uid, gid };
      case undefined: {
        const message = `mode 0${mode.toString(8)} is of no file type`;
        throw new CramfsError('BAD_ENTRY', message, { path, offset: inode.entryOffset });
      }
    }
  }

  private file(path: string, inode: Inode): Pick<FileEntry, 'read' | 'stored'> {
    const { image, files } = this;
    const key = `${inode.dataOffset},${inode.size},${inode.mode}`;
    const known = files.get(key);
    if (known !== undefined) return known;
    const made = {
      read: () => located(path, () => image.readFile(inode)),
      stored: () => located(path, () => storedContent(image, inode)),
    };
    files.set(key, made);
    return made;
  }
}

/** An error about an image gets the path. */
function located<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (isCramfsError(error)) throw withPath(error, path);
    throw error;
  }
}

function storedContent(image: CramfsImage, inode: Inode): StoredContent {
  const { blockSize, bytes, dialect, zlib } = image;
  const blocks = image.blocks(inode);
  const hasPointers = dialect.extent?.(bytes, inode) === undefined;
  return {
    blockSize,
    method: zlib.method ?? 'zlib',
    divisions: divisionsOf(blocks),
    blocks: blocks.map(({ kind, start, length, size }) => ({
      kind,
      size,
      bytes: bytes.subarray(start, start + length),
    })),
    inPlace: (alignment) =>
      hasPointers && inode.type === 'file' ? inPlaceRanges(blocks, blockSize, alignment) : [],
  };
}

/** Direct compressed blocks right after the one before, which an ordinary pointer could lead to. */
function divisionsOf(blocks: readonly Block[]): number[] {
  return blocks.flatMap(({ kind, direct, start }, index) => {
    const before = blocks[index - 1];
    if (kind !== 'compressed' || !direct || before === undefined) return [];
    const next = alignUp(before.start + before.length, DIRECT_ALIGNMENT) + DIRECT_LENGTH_SIZE;
    return start === next ? [index] : [];
  });
}

/** Runs of direct uncompressed blocks that start at the alignment of blocks in place. */
function inPlaceRanges(
  blocks: readonly Block[],
  blockSize: number,
  alignment: number,
): BlockRange[] {
  const ranges: BlockRange[] = [];
  for (let first = 0; first < blocks.length;) {
    let end = first;
    const { start } = blocks[first]!;
    while (end < blocks.length && continues(blocks[end]!, start + (end - first) * blockSize)) {
      end += 1;
    }
    if (end > first && start % alignment === 0) ranges.push({ first, end });
    first = Math.max(end, first + 1);
  }
  return ranges;
}

function continues({ kind, direct, start }: Block, expected: number): boolean {
  return kind === 'uncompressed' && direct && start === expected;
}
