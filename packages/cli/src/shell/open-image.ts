import {
  findImagesInFile,
  isLargerThan,
  nodeZlib,
  readImageRange,
  readUnpacked,
  unpackStream,
} from 'cramfs-reader/node';
import { CramfsError, isCramfsError, type BlockSize } from 'cramfs-format';
import {
  chooseImage,
  findImages,
  openAnyImage,
  type CramfsImage,
  type DialectName,
  type ImageCandidate,
} from 'cramfs-reader';
import type { OutOfBand } from 'cramfs-reader/damage';
import { offsetText, sayTaken, type ImageBytes } from './image-place.js';
import { printable, about } from './report-error.js';
import { standardInput, type CliIo } from './io.js';

/** The values of `imageOptions`. */
export interface ImageArguments {
  readonly offset?: number | 'auto' | undefined;
  readonly 'block-size'?: BlockSize | undefined;
  readonly dialect?: DialectName | undefined;
  /** The number of an image in the file, from 1. */
  readonly image?: number | undefined;
  readonly root?: number | 'auto' | undefined;
  readonly oob?: OutOfBand | 'auto' | undefined;
  /** Try everything that may mend the image. */
  readonly salvage?: boolean | undefined;
}

export interface OpenedImage {
  readonly image: CramfsImage;
  /** Where it starts in the (decompressed) file. */
  readonly offset: number;
}

/** Larger files are not read as a whole. */
const LARGE = 2 ** 31;

/**
 * What a command needs from an image: its directories and inodes, the content of its files, or that an
 * emulated kernel reads it.
 */
export type ImageNeed = 'tree' | 'content' | 'linux';

export interface OpenRequest {
  /** Default: `content`. */
  readonly need?: ImageNeed | undefined;
  /** The kernel's page size: the block size, if nothing in the image shows another one. */
  readonly pageSize?: BlockSize | undefined;
}

/**
 * Opens the image that a command names; `-` is standard input.
 *
 * @throws FileError
 */
export async function openImageArgument(
  file: string,
  args: ImageArguments,
  io: CliIo,
  need?: ImageNeed,
): Promise<CramfsImage> {
  return (await openImageAndOffset(file, args, io, { need })).image;
}

/**
 * Like {@link openImageArgument}, for commands that tell where the image is.
 *
 * @throws FileError; UNSUPPORTED if the image's dialect does not provide what is needed.
 */
export async function openImageAndOffset(
  file: string,
  args: ImageArguments,
  io: CliIo,
  { need = 'content', pageSize }: OpenRequest = {},
): Promise<OpenedImage> {
  const { bytes, offset, base, search } = await readImageArgument(file, args, io);
  return about(file, async () => {
    if (offset === undefined) {
      throw new CramfsError('BAD_MAGIC', 'there is no cramfs image in the file');
    }
    const blockSize = args['block-size'];
    const options = {
      offset,
      blockSize,
      preferredBlockSize: pageSize,
      dialect: args.dialect,
      zlib: nodeZlib,
    };
    try {
      const image = await openAnyImage(bytes, options);
      const obstacle = obstacleOf(image, need);
      if (obstacle !== undefined) throw new CramfsError('UNSUPPORTED', obstacle);
      return { image, offset: base + offset };
    } catch (error) {
      if (!isCramfsError(error, 'BAD_MAGIC')) throw error;
      throw withHint(error, search());
    }
  });
}

/** The bytes read, with known damage mended. */
async function mended(
  file: string,
  read: ImageBytes,
  { root, oob, salvage = false }: ImageArguments,
  io: CliIo,
): Promise<ImageBytes> {
  const isAsked = root !== undefined || oob !== undefined || salvage;
  if (!isAsked || read.offset === undefined) return read;
  const { salvageImage } = await import('cramfs-reader/damage');
  const { bytes, notes } = salvageImage(read.bytes.subarray(read.offset), {
    root: root ?? (salvage ? 'auto' : undefined),
    oob: oob ?? (salvage ? 'auto' : undefined),
    shift: salvage,
    origin: read.base + read.offset,
    zlib: nodeZlib,
  });
  for (const note of notes) io.stderr.write(`cramfs: ${printable(file)}: ${note}\n`);
  return { ...read, bytes, offset: 0, base: read.base + read.offset };
}

/** Why an image does not provide what is needed, in words. */
function obstacleOf({ dialect, unreadable }: CramfsImage, need: ImageNeed): string | undefined {
  if (need === 'tree') return undefined;
  if (unreadable !== undefined) {
    return `dialect ${dialect.name}: ${unreadable}; info, ls, tree and stat show the rest`;
  }
  if (need === 'content' || dialect.linux === 'reads' || dialect.kernel !== undefined) {
    return undefined;
  }
  return (
    `dialect ${dialect.name}: mainline Linux ${dialect.linux} it, and its own kernel maps nothing from ` +
    'ROM; `cramfs build` makes a standard image of it'
  );
}

/**
 * Reads the image that a command names, as {@link openImageArgument} does.
 *
 * @throws FileError
 */
export async function readImageArgument(
  file: string,
  args: ImageArguments,
  io: CliIo,
): Promise<ImageBytes> {
  return mended(file, await readImage(file, args, io), args, io);
}

async function readImage(file: string, args: ImageArguments, io: CliIo): Promise<ImageBytes> {
  const { image } = args;
  if (image !== undefined) {
    const { readNumbered } = await import('./found-image.js');
    return about(file, () => readNumbered(file, image, args.offset, io));
  }
  const found = await about(file, async () => {
    return file !== '-' && isLargerThan(file, LARGE)
      ? readLarge(file, args.offset)
      : readWhole(file, args.offset, io);
  });
  if (args.offset === 'auto') {
    if (found.offset === undefined && file !== '-') {
      const { readNested } = await import('./found-image.js');
      return about(file, () => readNested(file, io));
    }
    if (found.offset !== undefined) sayTaken(file, offsetText(found.base + found.offset), io);
  }
  return found;
}

async function readWhole(
  file: string,
  wanted: ImageArguments['offset'] = 0,
  io: CliIo,
): Promise<ImageBytes> {
  const { bytes } = await (file === '-' ? unpackStream(standardInput(io)) : readUnpacked(file));
  const search = (): ImageCandidate[] => findImages(bytes, { zlib: nodeZlib });
  if (wanted === 'auto') return { bytes, offset: chooseImage(search())?.offset, base: 0, search };
  if (wanted > bytes.length) {
    const message = `the file ends at ${bytes.length}, before the offset of the image`;
    throw new CramfsError('BAD_MAGIC', message, { offset: wanted });
  }
  return { bytes, offset: wanted, base: 0, search };
}

function readLarge(file: string, wanted: ImageArguments['offset'] = 0): ImageBytes {
  const search = (): ImageCandidate[] => findImagesInFile(file);
  const base = wanted === 'auto' ? chooseImage(search())?.offset : wanted;
  if (base === undefined) return { bytes: new Uint8Array(0), offset: undefined, base: 0, search };
  return { bytes: readImageRange(file, base), offset: 0, base, search };
}

/** The error, and where an image is, if there is one. */
function withHint(error: CramfsError, candidates: readonly ImageCandidate[]): CramfsError {
  const hint = imageHint(candidates);
  if (hint === undefined) return error;
  return new CramfsError(error.code, `${error.message}; ${hint}`, { offset: error.offset });
}

/** Tells where in the file there is an image; undefined if there is none. */
export function imageHint(candidates: readonly ImageCandidate[]): string | undefined {
  const found = chooseImage(candidates);
  if (found === undefined) return undefined;
  return `there is one at offset ${offsetText(found.offset)}: use --offset ${found.offset}, or --offset auto`;
}
