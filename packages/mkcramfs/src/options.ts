import {
  CRAMFS_DEFAULT_BLOCK_SIZE,
  CramfsError,
  DIRECT_ALIGNMENT,
  isBlockSize,
  type BlockSize,
  type Endianness,
} from 'cramfs-format';
import type { Effort } from 'cramfs-deflate';
import type { Codec } from './block-batch.js';
import type { Problem } from './tree.js';
import type { PlannedFile } from './xip-plan.js';

/**
 * What happens to the rest of the page after the end of an XIP file: `pad` it with zeros, `share` it
 * with other data, or `auto`: whichever costs less. See docs/xip.md.
 */
export type TailPolicy = 'pad' | 'share' | 'auto';

/** Which files run in place, and how they are laid out for that. Paths are byte strings. */
export interface XipOptions {
  /**
   * `mmu`: runs start on a page boundary of the device, as an MMU needs. `nommu`: runs start at a
   * multiple of 8, which is all that Linux without an MMU needs.
   */
  readonly mode: 'none' | 'nommu' | 'mmu';
  /** Files to store in place as a whole, whatever they are. */
  readonly include?: (path: string) => boolean;
  /** Files never to store in place, even if `include` or their ELF headers say so. */
  readonly exclude?: (path: string) => boolean;
  /** Store files with the sticky bit in place as a whole: the convention of linear-XIP cramfs. */
  readonly sticky?: boolean;
  /**
   * Default: `pad` with an MMU, so that files run in place up to their last page; `share` without, where
   * Linux maps the last page whatever follows the file.
   */
  readonly tail?: (path: string) => TailPolicy | undefined;
  /**
   * `nommu`: what the start of a file in place is a multiple of, a power of two up to the block size;
   * default 8. `segments`: also what p_align of a program's segments asks, up to the block size.
   */
  readonly align?: number | 'segments';
  /**
   * Append a zero byte to programs that end with a page which could not be in place otherwise (kernel
   * fact K1). ELF and bFLT allow bytes after their end.
   */
  readonly pad?: boolean;
  /**
   * `nommu`: store data and relocations of bFLT programs as one gzip stream (FLAT_FLAG_GZDATA) where
   * that makes the image smaller. The kernel needs CONFIG_BINFMT_ZFLAT.
   */
  readonly gzipData?: boolean;
  /**
   * What is in place, file by file and page by page, in place of all of the above except `align`. Files that
   * it does not name are not in place, unless they equal an earlier one that it names.
   */
  readonly plan?: (path: string) => PlannedFile | undefined;
}

/** Whose images to reproduce byte for byte. */
export type Compat = 'mkcramfs' | 'util-linux';

/** Dialects that can be written: see docs/dialects.md. */
export type WrittenDialect = 'openrg' | 'linear-xip';

/** What another image's superblock has that does not follow from any rule: see likeImage(). */
export interface SuperblockForm {
  readonly future: number;
  readonly signature: string;
  /** Flags that are set, or clear, whatever is in the image. */
  readonly setFlags: number;
  readonly clearFlags: number;
  /** Added to the numbers of blocks and files. */
  readonly extraBlocks: number;
  readonly extraFiles: number;
  /** Before fsid version 2 these did not mean what their names say. */
  readonly old?: { readonly size: number; readonly crc: number };
}

export interface BuildOptions {
  /** Must equal the page size of the kernel that mounts the image. Default 4096. */
  readonly blockSize?: number;
  /** Must be that of the CPU that mounts the image. Default little. */
  readonly endianness?: Endianness;
  /** Volume name, a byte string of at most 16 bytes. Default `Compressed`. */
  readonly volumeName?: string;
  /** Edition number of the fsid, an unsigned 32-bit value. Default 0. */
  readonly edition?: number;
  /** Leave 512 zero bytes for boot code before the superblock. */
  readonly pad?: boolean;
  /** Bytes to put between the superblock and the root directory (-i: a boot loader's kernel). */
  readonly insert?: Uint8Array;
  /** Store blocks of zeros as holes. */
  readonly holes?: boolean;
  /** Use the block pointer extension (Linux >= 4.15) where it saves bytes; implied by XIP. */
  readonly extendedPointers?: boolean;
  readonly xip?: XipOptions;
  readonly effort?: Effort;
  readonly compat?: Compat;
  /**
   * Copy blocks of sources that are images if they are already stored as they should be, and keep what is in
   * place there. Default false: everything is compressed again.
   */
  readonly reuse?: boolean;
  /** Default: what `compat` or `effort` ask for. */
  readonly codec?: Codec;
  /** With `pad`: at most 512 bytes to put there. */
  readonly bootCode?: Uint8Array;
  /** A dialect that mainline Linux does not read, in the layout of the C tools. */
  readonly dialect?: WrittenDialect;
  /** `openrg`: how blocks are compressed. Default zlib. */
  readonly method?: 'zlib' | 'lzma';
  /** Store the CRC in the other byte order. */
  readonly swapCrc?: boolean;
  readonly superblock?: SuperblockForm;
  /** The minimum size of the image, and what its size is a multiple of, in bytes; default: the block size. */
  readonly leastSize?: number;
  readonly sizeAlignment?: number;
  /** Leave directories in the order of the source; default: sort them. */
  readonly keepOrder?: boolean;
  /** Reverse the bytes of each 16- or 32-bit word of the whole image. */
  readonly swapWords?: 2 | 4;
  /** With `compat`: build the image even where Linux would misread it. */
  readonly force?: boolean;
  /** The most bytes that there is room for: a larger image is an error, and nothing is written. */
  readonly maxSize?: number;
  /** Compress XIP blocks too, only to report what XIP costs in flash. */
  readonly measureXipCost?: boolean;
  /** Treat warnings as errors: after all are reported, fail and write nothing. */
  readonly strict?: boolean;
  readonly onProblem?: (problem: Problem) => void;
  /** Called as input is read, with the bytes so far and in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** {@link XipOptions} with every default filled in. */
export interface ResolvedXip extends Required<Omit<XipOptions, 'align' | 'plan'>> {
  readonly tail: (path: string) => TailPolicy;
  readonly align: number;
  readonly alignSegments: boolean;
  readonly plan: XipOptions['plan'];
}

/** {@link BuildOptions} with every default filled in. */
export interface ResolvedOptions {
  readonly blockSize: BlockSize;
  readonly endianness: Endianness;
  readonly volumeName: string;
  readonly edition: number;
  readonly pad: boolean;
  readonly insert: Uint8Array;
  readonly holes: boolean;
  readonly extendedPointers: boolean;
  readonly xip: ResolvedXip;
  readonly effort: Effort;
  readonly compat: Compat | undefined;
  readonly reuse: boolean;
  readonly codec: Codec;
  readonly bootCode: Uint8Array;
  readonly dialect: WrittenDialect | undefined;
  readonly method: 'zlib' | 'lzma';
  readonly swapCrc: boolean;
  readonly superblock: SuperblockForm | undefined;
  readonly leastSize: number;
  readonly sizeAlignment: number;
  readonly keepOrder: boolean;
  readonly swapWords: 2 | 4 | undefined;
  readonly force: boolean;
  readonly maxSize: number;
  readonly measureXipCost: boolean;
  readonly strict: boolean;
  readonly onProblem: (problem: Problem) => void;
  readonly onProgress: (done: number, total: number) => void;
}

const VOLUME_NAME_LENGTH = 16;
/** What the start of a file in place is a multiple of, as in images of npitre's mkcramfs -X. */
const NOMMU_ALIGNMENT = 8;

/**
 * Fills in the defaults and checks what can be checked without a tree.
 *
 * @throws CramfsError BAD_REQUEST naming the option.
 */
export function resolveOptions(options: BuildOptions): ResolvedOptions {
  const blockSize = options.blockSize ?? CRAMFS_DEFAULT_BLOCK_SIZE;
  if (!isBlockSize(blockSize)) {
    throw badRequest(`block size ${blockSize} is not a page size: use a power of two, 4096..65536`);
  }
  const volumeName = options.volumeName ?? 'Compressed';
  if (volumeName.length > VOLUME_NAME_LENGTH) {
    throw badRequest(
      `volume name of ${volumeName.length} bytes does not fit ${VOLUME_NAME_LENGTH} bytes`,
    );
  }
  const edition = options.edition ?? 0;
  if (!Number.isInteger(edition) || edition < 0 || edition > 0xffffffff) {
    throw badRequest(`edition ${edition} is not an unsigned 32-bit number`);
  }
  const xip = resolveXip(options.xip, blockSize);
  if (options.compat === 'util-linux' && (xip.mode !== 'none' || options.extendedPointers)) {
    throw badRequest('mkfs.cramfs of util-linux knows neither XIP nor extended block pointers');
  }
  if (options.dialect !== undefined && (xip.mode !== 'none' || options.extendedPointers)) {
    throw badRequest(`dialect ${options.dialect} has no extended block pointers`);
  }
  if (options.dialect === 'linear-xip' && blockSize !== CRAMFS_DEFAULT_BLOCK_SIZE) {
    throw badRequest(`linear XIP knows no block size but ${CRAMFS_DEFAULT_BLOCK_SIZE}`);
  }
  if (
    options.compat === 'mkcramfs' &&
    options.dialect === undefined &&
    blockSize !== CRAMFS_DEFAULT_BLOCK_SIZE
  ) {
    throw badRequest(`mkcramfs makes only blocks of ${CRAMFS_DEFAULT_BLOCK_SIZE} bytes`);
  }
  return {
    blockSize,
    endianness: options.endianness ?? 'little',
    volumeName,
    edition,
    pad: options.pad ?? false,
    insert: options.insert ?? new Uint8Array(0),
    holes: options.holes ?? false,
    extendedPointers: (options.extendedPointers ?? false) || xip.mode !== 'none',
    xip,
    effort: options.effort ?? 'default',
    compat: options.compat,
    reuse: options.reuse ?? false,
    codec: codecFor(options),
    bootCode: options.bootCode ?? new Uint8Array(0),
    dialect: options.dialect,
    method: options.method ?? 'zlib',
    swapCrc: options.swapCrc ?? false,
    superblock: options.superblock,
    leastSize: options.leastSize ?? 0,
    sizeAlignment: options.sizeAlignment ?? blockSize,
    keepOrder: options.keepOrder ?? false,
    swapWords: options.swapWords,
    force: options.force ?? false,
    maxSize: options.maxSize ?? Infinity,
    measureXipCost: options.measureXipCost ?? false,
    strict: options.strict ?? false,
    onProblem: options.onProblem ?? (() => undefined),
    onProgress: options.onProgress ?? (() => undefined),
  };
}

function codecFor({ codec, compat, effort, dialect, method }: BuildOptions): Codec {
  if (dialect === 'openrg' && method === 'lzma') return { library: 'lzma' };
  if (codec !== undefined) return codec;
  if (compat !== undefined) return { library: 'zlib', level: compat === 'mkcramfs' ? 9 : 6 };
  return { library: 'block-deflate', effort: effort ?? 'default' };
}

function resolveXip(xip: XipOptions | undefined, blockSize: number): ResolvedXip {
  const mode = xip?.mode ?? 'none';
  const alignSegments = xip?.align === 'segments';
  const align = alignSegments ? NOMMU_ALIGNMENT : (xip?.align ?? NOMMU_ALIGNMENT);
  const isPowerOfTwo = Number.isInteger(Math.log2(align));
  if (!isPowerOfTwo || align < DIRECT_ALIGNMENT || align > blockSize) {
    throw badRequest(
      `files in place cannot start at multiples of ${align}: use a power of two, ` +
        `${DIRECT_ALIGNMENT}..${blockSize}`,
    );
  }
  if (xip?.plan !== undefined && alignSegments) {
    throw badRequest(
      'a plan counts bytes: align files in place to a number, not to their segments',
    );
  }
  const tail = mode === 'mmu' ? 'pad' : 'share';
  return {
    mode,
    include: xip?.include ?? (() => false),
    exclude: xip?.exclude ?? (() => false),
    sticky: xip?.sticky ?? false,
    tail: (path) => (xip?.plan === undefined ? xip?.tail?.(path) : undefined) ?? tail,
    align,
    alignSegments,
    pad: xip?.pad ?? false,
    gzipData: (mode === 'nommu' && xip?.gzipData) ?? false,
    plan: xip?.plan,
  };
}

function badRequest(message: string): CramfsError {
  return new CramfsError('BAD_REQUEST', message);
}
