import {
  CRAMFS_FLAG_EXT_BLOCK_POINTERS,
  CRAMFS_FLAG_FSID_VERSION_2,
  CRAMFS_FLAG_HOLES,
  CRAMFS_FLAG_SORTED_DIRS,
  CRAMFS_SUPER_SIZE,
  CramfsError,
  equalBytes,
  isCramfsError,
} from 'cramfs-format';
import { verifyCrc, type CramfsImage, type DialectName } from 'cramfs-reader';
import type { BlockCompressor, Codec } from '../block-batch.js';
import { buildImage } from '../build.js';
import { inlineCompressor } from '../codec.js';
import type { BuildOptions, Compat, SuperblockForm, XipOptions } from '../options.js';
import type { TakenBlock } from '../stored-content.js';
import type { DirectoryEntry } from '../tree.js';
import { walkTree } from '../walk.js';
import type { Crc32 } from '../image-sink.js';
import { ComparingSink, Differs } from './comparing-sink.js';
import { readImageSource } from './image-source.js';

/** The options that make an image like another one. */
export interface ImageForm {
  readonly options: BuildOptions;
  /** True if rebuilding the other image with these options gives the same bytes. */
  readonly isExact: boolean;
  /** Whose layout it is. */
  readonly tool: Compat | 'this toolkit' | undefined;
}

/** How many blocks are compressed again to see which compressor made them. */
const SAMPLES = 24;

/**
 * Finds out everything about the form of an image: byte order, dialect, block size, pad and its content,
 * inserted file, name, edition, flags, holes, what is in place, and which tool's layout and compressor it
 * has. Layouts are tried until one gives the same bytes; this compresses no blocks.
 *
 * @throws CramfsError UNSUPPORTED for dialects that cannot be written, or what reading the image throws.
 */
export async function likeImage(image: CramfsImage, crc32: Crc32): Promise<ImageForm> {
  refuseUnwritable(image);
  const tree = readImageSource(image);
  const common = commonOptions(image);
  const codec = await findCodec(image, tree);
  const tried = candidates(image, tree, codec);
  for (const candidate of tried) {
    const options = await withNumbers(image, tree, { ...common, ...candidate }, crc32);
    if (options === undefined || !(await givesSameBytes(image, tree, options, crc32))) continue;
    const tool = candidate.compat ?? 'this toolkit';
    return { options: finished(image, options, codec), isExact: true, tool };
  }
  const [likeliest] = tried;
  return {
    options: finished(image, { ...common, ...likeliest }, codec),
    isExact: false,
    tool: undefined,
  };
}

/** Options that matter for a new image, but not for comparing bytes. */
function finished(
  { wordSize }: CramfsImage,
  options: BuildOptions,
  codec: Codec | undefined,
): BuildOptions {
  const swapped = wordSize === 1 ? {} : { swapWords: wordSize };
  return withCodec({ ...options, ...swapped }, codec);
}

/** Why images of a dialect can be read, but not written. */
const UNWRITABLE: Readonly<Partial<Record<DialectName, string>>> = {
  asxipfs: 'Azure Sphere mounts only images that are signed, which one that is written anew is not',
  jinke: 'nobody knows what the eight bits before the length of a name mean',
};

function refuseUnwritable({ dialect }: CramfsImage): void {
  const why = UNWRITABLE[dialect.name];
  if (why === undefined) return;
  throw new CramfsError(
    'UNSUPPORTED',
    `no image can be written like this one, of dialect ${dialect.name}: ${why}`,
  );
}

/** What can be read off the image. */
function commonOptions(image: CramfsImage): BuildOptions {
  const { superblock, blockSize, endianness, bytes, dialect, zlib } = image;
  const { offset, flags, name, edition } = superblock;
  const start = offset + CRAMFS_SUPER_SIZE;
  const rootOffset = Math.max(start, superblock.root.offset * 4);
  const name_ = dialect.name;
  const written = name_ === 'openrg' || name_ === 'linear-xip' ? name_ : undefined;
  return {
    blockSize,
    endianness,
    volumeName: name,
    edition,
    superblock: superblockForm(image),
    keepOrder: (flags & CRAMFS_FLAG_SORTED_DIRS) === 0,
    ...(image.size % blockSize === 0 ? {} : { sizeAlignment: 4 }),
    pad: offset > 0,
    bootCode: bytes.subarray(0, offset),
    insert: bytes.subarray(start, rootOffset),
    holes: (flags & CRAMFS_FLAG_HOLES) !== 0,
    reuse: true,
    // Linux may misread this image in the same way as the other one.
    force: true,
    swapCrc: verifyCrc(image).verdict === 'swapped' || dialect.swappedCrc === true,
    ...(written === undefined ? {} : { dialect: written, method: zlib.method ?? 'zlib' }),
    extendedPointers: (flags & CRAMFS_FLAG_EXT_BLOCK_POINTERS) !== 0 && written === undefined,
  };
}

/** The fields of the superblock that do not follow from the layout. */
function superblockForm({
  superblock: { flags, future, signature, size, crc },
}: CramfsImage): SuperblockForm {
  const isOld = (flags & CRAMFS_FLAG_FSID_VERSION_2) === 0;
  return {
    future,
    signature,
    setFlags: 0,
    clearFlags: 0,
    extraBlocks: 0,
    extraFiles: 0,
    ...(isOld ? { old: { size, crc } } : {}),
  };
}

/**
 * The options that also reproduce the numbers of the superblock, if the layout is the image's: builders count
 * blocks and files in different ways, and some leave room at the end.
 *
 * @returns undefined if the layout gives other bytes.
 */
async function withNumbers(
  image: CramfsImage,
  tree: DirectoryEntry,
  options: BuildOptions,
  crc32: Crc32,
): Promise<BuildOptions | undefined> {
  const sink = await compared(image, tree, options, crc32, false);
  if (sink?.isAlike !== true) return undefined;
  const { flags, blocks, files } = image.superblock;
  const written = sink.superblock(image.endianness);
  return {
    ...options,
    superblock: {
      ...superblockForm(image),
      setFlags: (flags & ~written.flags) >>> 0,
      clearFlags: (written.flags & ~flags) >>> 0,
      extraBlocks: blocks - written.blocks,
      extraFiles: files - written.files,
    },
    ...(sink.isComplete ? {} : { leastSize: image.size }),
  };
}

/** Files that are wholly in place, and those that are not in place at all. */
function inPlaceFiles(
  tree: DirectoryEntry,
  alignment: number,
): Pick<XipOptions, 'include' | 'exclude'> {
  const whole = new Set<string>();
  const none = new Set<string>();
  for (const { path, entry } of walkTree(tree)) {
    if (entry.type !== 'file' || entry.stored === undefined) continue;
    const { inPlace, blocks } = entry.stored();
    const [range, ...others] = inPlace(alignment);
    if (range === undefined) none.add(path);
    else if (others.length === 0 && range.end - range.first === blocks.length) whole.add(path);
  }
  return { include: (path) => whole.has(path), exclude: (path) => none.has(path) };
}

/** The alignment of files in place without an MMU. */
const LEAST_ALIGNMENT = 8;

/**
 * Layouts to try, the likeliest first: without extended pointers most layouts are the same for most trees.
 */
function candidates(
  image: CramfsImage,
  tree: DirectoryEntry,
  codec: Codec | undefined,
): BuildOptions[] {
  const { superblock, dialect, blockSize } = image;
  const tools: BuildOptions[] =
    codec?.library === 'zlib' && codec.level === MKCRAMFS_LEVEL
      ? [{ compat: 'mkcramfs' }, { compat: 'util-linux' }]
      : [{ compat: 'util-linux' }, { compat: 'mkcramfs' }];
  if (dialect.name === 'openrg' || dialect.name === 'linear-xip') return tools;
  if ((superblock.flags & CRAMFS_FLAG_EXT_BLOCK_POINTERS) === 0) {
    return codec?.library === 'block-deflate' ? [{}, ...tools] : [...tools, {}];
  }
  const xip = (mode: XipOptions['mode'], rest: Partial<XipOptions> = {}): BuildOptions => {
    const { align = LEAST_ALIGNMENT } = rest;
    const alignment =
      mode === 'mmu' ? blockSize : typeof align === 'number' ? align : LEAST_ALIGNMENT;
    return { xip: { mode, ...inPlaceFiles(tree, alignment), ...rest } };
  };
  const tails = (mode: XipOptions['mode'], rest: Partial<XipOptions> = {}): BuildOptions[] =>
    (['pad', 'share', 'auto'] as const).map((tail) => xip(mode, { tail: () => tail, ...rest }));
  return [
    ...tails('mmu'),
    { compat: 'mkcramfs', ...xip('mmu') },
    { compat: 'mkcramfs', ...xip('nommu') },
    { compat: 'mkcramfs', ...xip('none') },
    xip('none'),
    ...tails('nommu'),
    ...tails('nommu', { align: 'segments' }),
    ...alignments(blockSize).flatMap((align) => tails('nommu', { align })),
  ];
}

/** What `--xip-align` takes, but for the default. */
function alignments(blockSize: number): number[] {
  const all = Array.from({ length: Math.log2(blockSize) - 1 }, (_, power) => 4 << power);
  return all.filter((align) => align !== LEAST_ALIGNMENT);
}

async function givesSameBytes(
  image: CramfsImage,
  tree: DirectoryEntry,
  options: BuildOptions,
  crc32: Crc32,
): Promise<boolean> {
  return (await compared(image, tree, options, crc32, true))?.isComplete === true;
}

/** @returns undefined if the image that `options` give differs. */
async function compared(
  image: CramfsImage,
  tree: DirectoryEntry,
  options: BuildOptions,
  crc32: Crc32,
  exactly: boolean,
): Promise<ComparingSink | undefined> {
  const expected = image.bytes.subarray(0, image.size);
  const sink = new ComparingSink(expected, image.superblock.offset, exactly);
  try {
    await buildImage(tree, options, { compressor: inlineCompressor(), sink, crc32 });
    return sink;
  } catch (error) {
    // The layout does not hold the tree, or the options do not go together: not this one.
    if (error instanceof Differs || isCramfsError(error)) return undefined;
    throw error;
  }
}

/** The level of npitre's mkcramfs; mkfs.cramfs uses zlib's default. */
const MKCRAMFS_LEVEL = 9;

const CODECS: readonly Codec[] = [
  { library: 'zlib', level: 9 },
  { library: 'zlib', level: 6 },
  { library: 'block-deflate', effort: 'default' },
  { library: 'block-deflate', effort: 'best' },
];

/** Which of our compressors made the blocks of an image, as far as samples tell. */
async function findCodec(image: CramfsImage, tree: DirectoryEntry): Promise<Codec | undefined> {
  if ((image.zlib.method ?? 'zlib') !== 'zlib') return undefined;
  const samples: { readonly plain: Uint8Array; readonly stored: Uint8Array }[] = [];
  for (const { entry } of walkTree(tree)) {
    if (samples.length >= SAMPLES) break;
    if (entry.type !== 'file' || entry.stored === undefined) continue;
    const block = entry.stored().blocks.find((found) => found.kind === 'compressed');
    const plain = block && inflated(image, block);
    if (block === undefined || plain === undefined) continue;
    samples.push({ plain, stored: block.bytes });
  }
  const compressor = inlineCompressor();
  let best: { readonly codec: Codec; readonly score: number } | undefined;
  for (const codec of CODECS) {
    let score = 0;
    for (const { plain, stored } of samples) {
      if (equalBytes(await compressOne(compressor, codec, plain), stored)) score += 1;
    }
    if (score > (best?.score ?? 0)) best = { codec, score };
  }
  return best?.codec;
}

/** @returns undefined if the block is damaged: that matters only to whoever reads the file. */
function inflated({ zlib }: CramfsImage, { bytes, size }: TakenBlock): Uint8Array | undefined {
  try {
    return zlib.inflate(bytes, size);
  } catch (error) {
    // Running out of memory is not an error of the image.
    if (error instanceof RangeError) throw error;
    return undefined;
  }
}

async function compressOne(
  compressor: BlockCompressor,
  codec: Codec,
  plain: Uint8Array,
): Promise<Uint8Array> {
  const batch = { data: plain.slice(), lengths: [plain.length], codec, keepIncompressible: false };
  const { data, lengths } = await compressor.compress(batch);
  return data.subarray(0, lengths[0]);
}

/** The layouts of the C tools are alike: the compressor tells them apart. */
function withCodec(options: BuildOptions, codec: Codec | undefined): BuildOptions {
  if (codec === undefined) return options;
  if (codec.library === 'block-deflate') return { ...options, codec, effort: codec.effort };
  return { ...options, codec };
}
