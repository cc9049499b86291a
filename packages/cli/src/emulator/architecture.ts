import { isFlat, parseElf } from 'cramfs-elf';
import { bytesToName, type BlockSize } from 'cramfs-format';
import type { CramfsImage, Inode } from 'cramfs-reader';
import {
  ARCHITECTURES,
  architectureOf,
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

/** Interpreters of interpreters: fs/exec.c:exec_binprm(). */
const MAX_SCRIPTS = 5;

/**
 * The architecture of the kernel that a program of the image is for: what `--arch` says, or its ELF
 * header. For what has none, such as bFLT, that of the first ELF program in the image counts; bFLT
 * in an image without any is taken to be ARM's.
 *
 * @param path byte string.
 */
export function programArchitecture(
  image: CramfsImage,
  path: string,
  { arch }: KernelArguments,
): ArchitectureName {
  if (arch !== undefined) return arch;
  const head = programHead(image, path, MAX_SCRIPTS);
  const own = head && ofElf(head);
  return own ?? (head !== undefined && isFlat(head) ? flatArchitecture(image) : usualOf(image));
}

/** The architecture of the kernel for bFLT programs of an image, which do not say. */
export function flatArchitecture(image: CramfsImage): ArchitectureName {
  return ofImage(image) ?? 'arm';
}

/** The same for a file that is only mapped: what its ELF header says, or the usual one. */
export function fileArchitecture(
  image: CramfsImage,
  inode: Inode,
  { arch }: KernelArguments,
): ArchitectureName {
  return arch ?? ofElf(headOf(image, inode)) ?? usual(image);
}

/**
 * The kernel's page size: what `asked` is, or the size of the image's blocks if a kernel for `--arch`
 * can have such pages, or else what it has.
 *
 * @throws UsageError if it cannot have what was asked for.
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

/** The same, and that its pages can be the image's blocks. @throws InputError. */
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

/** Kernels that most records are from, by page size and byte order. */
function usual({ blockSize, endianness }: CramfsImage): ArchitectureName {
  if (endianness === 'big') return 'powerpc';
  return blockSize === 4096 ? 'riscv64' : 'arm64';
}

/** For a program that does not say, and is not bFLT. */
function usualOf(image: CramfsImage): ArchitectureName {
  return ofImage(image) ?? usual(image);
}

/** Returns the architecture of the first program of the image that names one. */
function ofImage(image: CramfsImage): ArchitectureName | undefined {
  for (const { inode } of image.walk(image.root, { onError: () => undefined })) {
    if (inode.type !== 'file' || (inode.mode & 0o111) === 0) continue;
    const arch = ofElf(headOf(image, inode));
    if (arch !== undefined) return arch;
  }
  return undefined;
}

/** The start of what is executed in the end; undefined: nothing that can be read. */
function programHead(image: CramfsImage, path: string, depth: number): Uint8Array | undefined {
  let inode: Inode;
  try {
    inode = image.lookup(path);
  } catch {
    // execve() is about to say what is wrong with it.
    return undefined;
  }
  if (inode.type !== 'file') return undefined;
  const head = headOf(image, inode);
  const line = /^#![ \t]*([^ \t\n\0]+)/.exec(bytesToName(head.subarray(0, 256)));
  return line === null || depth === 0 ? head : programHead(image, line[1]!, depth - 1);
}

/** The first block of a file; empty if it cannot be read. */
export function headOf(image: CramfsImage, inode: Inode): Uint8Array {
  try {
    return inode.size === 0 ? new Uint8Array() : image.readBlock(inode, 0);
  } catch {
    // A damaged block: reading it is what the emulator reports.
    return new Uint8Array();
  }
}

/** What an ELF header says; undefined for other files, and for machines that are not known here. */
export function ofElf(head: Uint8Array): ArchitectureName | undefined {
  const elf = parseElf(head);
  return elf && architectureOf(elf)?.name;
}
