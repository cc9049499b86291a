import {
  EMBEDDED_HEAD,
  canBeEmbedded,
  unpackEmbedded,
  type EmbeddedKind,
} from 'cramfs-archive/node';
import { CRAMFS_PAD_SIZE } from 'cramfs-format';
import { CandidateList, imageAt, type ImageCandidate } from '../../find-images.js';
import { readImageRange } from '../large-file.js';
import { nodeZlib } from '../zlib.js';
import { FileSource, memorySource, type ByteSource } from './byte-source.js';
import { scan, type Hit } from './scan.js';
import { UIMAGE_HEADER, readUImageHeader } from './uimage.js';

/** A compressed stream with an image in it. */
export interface Container {
  readonly kind: EmbeddedKind;
  /** Where it starts in the file, or in its containing stream. */
  readonly offset: number;
}

/** An image in a file. */
export interface FoundImage extends ImageCandidate {
  /** The streams that contain it, the outermost first; its offset counts in the output of the last one. */
  readonly inside: readonly Container[];
  /** The name of the uImage header right before it. */
  readonly uImage: string | undefined;
}

/** How much is read at a place to see whether an image can be there. */
const HEAD = 2 ** 16;
/** No image without a stated size is larger: 26 bits of offset, times four, and a file of 16 MiB. */
const MAX_SIZE = 2 ** 28 + 2 ** 24;
/** A size stated in a superblock is believed up to here. */
const MAX_STATED_SIZE = 2 ** 31 - 1;
/** Checksums of lying superblocks may take this many bytes together, or this many passes. */
const MAX_CRC_BYTES = 2 ** 30;
const MAX_CRC_PASSES = 4;
/** The most output of a stream in a file that is searched. */
const STREAM_LIMIT = 2 ** 29;
/** Streams in streams in a file. */
const MAX_DEPTH = 3;

/**
 * Finds all images in a file of any size, even after a uImage header, and in the first 512 MiB of streams of
 * gzip, xz, lzma and Zstandard inside it. Some megabytes of the file are in memory at a time, and one image
 * or stream.
 *
 * @throws the system's error.
 */
export async function findInFile(path: string): Promise<FoundImage[]> {
  const source = new FileSource(path);
  try {
    const list = new CandidateList<FoundImage>();
    await findIn(source, [], list);
    return list.candidates;
  } finally {
    source.close();
  }
}

/**
 * The bytes of an image that {@link findInFile} has found, and perhaps more after them, in memory that
 * worker threads can share.
 *
 * @throws the system's error.
 */
export async function readFound(path: string, { offset, inside }: FoundImage): Promise<Uint8Array> {
  if (inside.length === 0) return readImageRange(path, offset);
  const source = new FileSource(path);
  try {
    const content = await readContainer(source, inside);
    return content?.subarray(offset) ?? new Uint8Array(0);
  } finally {
    source.close();
  }
}

/** The content of the innermost stream that contains an image; undefined if none does. */
async function readContainer(
  source: ByteSource,
  inside: readonly Container[],
): Promise<Uint8Array | undefined> {
  let bytes: Uint8Array | undefined;
  for (const { kind, offset } of inside) {
    const from: ByteSource = bytes === undefined ? source : memorySource(bytes);
    ({ bytes } = await unpackEmbedded(kind, from.stream(offset), STREAM_LIMIT));
  }
  return bytes;
}

async function findIn(
  source: ByteSource,
  inside: readonly Container[],
  list: CandidateList<FoundImage>,
): Promise<void> {
  const budget = {
    bytes: Math.max(MAX_CRC_BYTES, MAX_CRC_PASSES * Math.min(source.size, 2 ** 40)),
  };
  /** The inside of a sound image or stream is not searched. */
  let searched = 0;
  for (const { kind, offset } of scan(source)) {
    if (offset < searched) continue;
    if (kind === 'image') {
      const found = imageIn(source, offset, inside, budget);
      if (found === undefined) continue;
      list.add(found);
      if (found.crcOk === true) searched = found.offset + found.size;
    } else if (inside.length < MAX_DEPTH) {
      searched = Math.max(searched, await findInStream(source, { kind, offset }, inside, list));
    }
  }
}

/** The image whose magic is at `at`. */
function imageIn(
  source: ByteSource,
  at: number,
  inside: readonly Container[],
  budget: { bytes: number },
): FoundImage | undefined {
  const start = Math.max(0, at - CRAMFS_PAD_SIZE);
  const head = imageAt(source.read(start, HEAD), at - start, nodeZlib);
  if (head === undefined) return undefined;
  const offset = start + head.offset;
  const length = Math.min(head.statedSize ?? MAX_SIZE, MAX_STATED_SIZE);
  const whole = imageAt(source.read(offset, length), at - offset, nodeZlib, budget);
  const before = source.read(Math.max(0, offset - UIMAGE_HEADER), UIMAGE_HEADER);
  const uImage = offset < UIMAGE_HEADER ? undefined : readUImageHeader(before)?.name;
  return { ...(whole ?? head), offset, inside, uImage };
}

/** @returns where to continue: after a stream that held a sound image. */
async function findInStream(
  source: ByteSource,
  { kind, offset }: Hit & Container,
  inside: readonly Container[],
  list: CandidateList<FoundImage>,
): Promise<number> {
  if (!canBeEmbedded(kind, source.read(offset, EMBEDDED_HEAD))) return 0;
  const { bytes, length } = await unpackEmbedded(kind, source.stream(offset), STREAM_LIMIT);
  const before = list.candidates.length;
  await findIn(memorySource(bytes), [...inside, { kind, offset }], list);
  const isSound = list.candidates.slice(before).some(({ crcOk }) => crcOk === true);
  return isSound ? offset + length : 0;
}
