import { ftruncateSync, writeSync } from 'node:fs';
import { RUN_STREAMS } from 'cramfs-deflate';
import { isCramfsError, type CramfsError } from 'cramfs-format';
import { borrowBlockContent, checkedBlockCount, decodeBlock } from '../../blocks.js';
import type { CramfsImage } from '../../image.js';
import type { Block, Inode } from '../../types.js';

/** What to do with a file that has an unreadable block. */
export type DamagePolicy =
  /** Do not keep the file. */
  | 'remove'
  /** Replace the block by zeros. */
  | 'zeros';

/**
 * The most bytes of the image in a run of compressed blocks, and the most blocks in an uncompressed
 * one.
 */
const MAX_RUN_BYTES = 2 ** 17;
const MAX_UNCOMPRESSED_BLOCKS = 256;

/**
 * Writes the content of a file of the image to an empty file. Holes of the image become holes of
 * the file.
 *
 * @returns the first error of the file, if the policy is `zeros` and it is damaged.
 * @throws CramfsError if the image is damaged, or the system's error.
 */
export function writeContent(
  image: CramfsImage,
  inode: Inode,
  fd: number,
  damage: DamagePolicy,
): CramfsError | undefined {
  const writer = new ContentWriter(image, fd, damage);
  writer.writeBlocks(inode);
  return writer.firstError;
}

/** Blocks that are next to each other in the file and in the image are written together. */
class ContentWriter {
  firstError: CramfsError | undefined;
  private readonly image: CramfsImage;
  private readonly fd: number;
  private readonly damage: DamagePolicy;
  /** All of one kind, and not holes. */
  private run: Block[] = [];
  /** The end of the content that was written. */
  private end = 0;

  constructor(image: CramfsImage, fd: number, damage: DamagePolicy) {
    this.image = image;
    this.fd = fd;
    this.damage = damage;
  }

  writeBlocks(inode: Inode): void {
    const { image } = this;
    const count = this.countBlocks(inode);
    for (let index = 0; index < count; index += 1) {
      let block: Block;
      try {
        block = decodeBlock(image, inode, index, count);
      } catch (error) {
        this.lose(error);
        continue;
      }
      if (this.run.length > 0 && !continues(this.run, block)) this.flush();
      if (block.kind !== 'hole') this.run.push(block);
    }
    this.flush();
    if (this.end < inode.size) ftruncateSync(this.fd, inode.size);
  }

  private countBlocks(inode: Inode): number {
    try {
      return checkedBlockCount(this.image, inode);
    } catch (error) {
      this.lose(error);
      return 0;
    }
  }

  /** @throws the error, unless it is damage that zeros replace. */
  private lose(error: unknown): void {
    if (!isCramfsError(error)) throw error;
    // Blocks before this one may have an error as well: the first one counts.
    this.flush();
    if (this.damage === 'remove') throw error;
    this.firstError ??= error;
  }

  private flush(): void {
    const { image, run } = this;
    if (run.length === 0) return;
    this.run = [];
    const content = run.length > 1 ? contentOfRun(image, run) : undefined;
    if (content !== undefined) {
      this.write(run[0]!.index, content);
      return;
    }
    for (const block of run) {
      try {
        this.write(block.index, borrowBlockContent(image, block));
      } catch (error) {
        this.lose(error);
      }
    }
  }

  private write(index: number, content: Uint8Array): void {
    const position = index * this.image.blockSize;
    for (let done = 0; done < content.length;) {
      done += writeSync(this.fd, content, done, content.length - done, position + done);
    }
    this.end = position + content.length;
  }
}

function continues(run: readonly Block[], { index, kind, start, length }: Block): boolean {
  const first = run[0]!;
  const last = run[run.length - 1]!;
  if (kind !== last.kind || index !== last.index + 1) return false;
  const end = last.start + last.length;
  return kind === 'uncompressed'
    ? start === end && last.length === last.size && run.length < MAX_UNCOMPRESSED_BLOCKS
    : start >= end && run.length < RUN_STREAMS && start + length <= first.start + MAX_RUN_BYTES;
}

/** Of the run that is being inflated: see BlockInflater.borrowRun(). */
const places = new Uint32Array(2 * RUN_STREAMS);

/** The content of a run, or undefined if that has to be found out block by block. */
function contentOfRun({ bytes, blockSize, zlib }: CramfsImage, run: readonly Block[]) {
  const first = run[0]!;
  const last = run[run.length - 1]!;
  const size = (run.length - 1) * blockSize + last.size;
  const data = bytes.subarray(first.start, last.start + last.length);
  if (first.kind === 'uncompressed') return data.length < size ? undefined : data.subarray(0, size);
  for (let stream = 0; stream < run.length; stream += 1) {
    const { start, length } = run[stream]!;
    places[2 * stream] = start - first.start;
    places[2 * stream + 1] = length;
  }
  const inflated = zlib.borrowRun?.(data, places, run.length, blockSize);
  if (inflated === undefined) return undefined;
  const { lengths, content } = inflated;
  for (let stream = 0; stream < run.length; stream += 1) {
    if (lengths[stream] !== run[stream]!.size) return undefined;
  }
  return content.subarray(0, size);
}
