import type { BlockSize } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import {
  ARCHITECTURES,
  configKeys,
  parseConfigLine,
  type ArchitectureName,
  type KernelConfig,
} from 'xip-emu';
import { InputError, UsageError } from '../shell/errors.js';

/** What `--arch` and `--config` ask for. */
export interface KernelArguments {
  readonly arch: ArchitectureName | undefined;
  readonly config: readonly string[];
}

/**
 * The kernel's page size: `asked`, or the size of the image's blocks if a kernel for `--arch` can have such
 * pages, or else that kernel's default.
 *
 * @throws UsageError if it cannot have the requested size.
 */
export function kernelPageSize(
  { blockSize }: CramfsImage,
  { arch }: KernelArguments,
  asked?: BlockSize,
): BlockSize {
  if (arch === undefined) return asked ?? blockSize;
  const { pageSizes } = ARCHITECTURES[arch];
  if (asked !== undefined && !pageSizes.includes(asked)) {
    throw new UsageError(
      `--page-size cannot be ${asked}: ${arch} has pages of ${pageSizes.join(', ')}`,
    );
  }
  return asked ?? (pageSizes.includes(blockSize) ? blockSize : pageSizes[0]!);
}

/**
 * Checks `--arch` against the byte order of an image.
 *
 * @throws InputError if no such kernel mounts it.
 */
export function checkByteOrder({ endianness }: CramfsImage, { arch }: KernelArguments): void {
  if (arch === undefined || ARCHITECTURES[arch].endianness === endianness) return;
  throw new InputError(`the image is ${endianness}-endian: a kernel for ${arch} does not mount it`);
}

/** Also checks that its pages can be as large as the image's blocks. @throws InputError. */
export function checkKernel(image: CramfsImage, args: KernelArguments): void {
  checkByteOrder(image, args);
  const pageSize = kernelPageSize(image, args);
  if (pageSize === image.blockSize) return;
  throw new InputError(
    `the image has blocks of ${image.blockSize} bytes: ` +
      `a kernel for ${args.arch!}, with pages of ${pageSize} bytes, misreads it`,
  );
}

/** What `--config` changes. @throws UsageError. */
export function kernelConfig({ config }: KernelArguments): Partial<KernelConfig> {
  let changes: Partial<KernelConfig> = {};
  for (const line of config) {
    const change = parseConfigLine(line);
    if (change === undefined) {
      const keys = configKeys().join(', ');
      throw new UsageError(`--config cannot be '${line}': use KEY=VALUE with a KEY of ${keys}`);
    }
    if (Object.keys(change).length === 0) {
      throw new UsageError(`--config cannot be '${line}': use y or n, or a number`);
    }
    changes = { ...changes, ...change };
  }
  return changes;
}
