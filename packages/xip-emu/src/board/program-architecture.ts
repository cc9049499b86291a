import { isFlat, parseElf } from 'cramfs-elf';
import { bytesToName } from 'cramfs-format';
import type { CramfsImage, Inode } from 'cramfs-reader';
import type { ArchitectureName } from '../arch/architecture.js';
import { ARCHITECTURES, architectureOf } from '../arch/kernel-build.js';

/** Which architecture somebody wants; undefined: that of the program. */
export interface AskedArchitecture {
  readonly arch?: ArchitectureName | undefined;
}

/** Interpreters of interpreters: fs/exec.c:exec_binprm(). */
const MAX_SCRIPTS = 5;

/**
 * The architecture of the kernel that a program of the image is for: what was asked for, or what its
 * ELF header says. A file without one has the architecture of the first ELF program in the image;
 * for bFLT, of the first that is for an architecture with bFLT, or else ARM of the image's byte order.
 *
 * @param path byte string.
 */
export function programArchitecture(
  image: CramfsImage,
  path: string,
  { arch }: AskedArchitecture,
): ArchitectureName {
  if (arch !== undefined) return arch;
  const head = programHead(image, path, MAX_SCRIPTS);
  const own = head && elfArchitecture(head);
  return own ?? (head !== undefined && isFlat(head) ? flatArchitecture(image) : usualOf(image));
}

/** The architecture of the kernel for bFLT programs of an image, which do not say. */
export function flatArchitecture(image: CramfsImage): ArchitectureName {
  const usualArm = image.endianness === 'big' ? 'armeb' : 'arm';
  return ofImage(image, (arch) => ARCHITECTURES[arch].flat.exists) ?? usualArm;
}

/** The same for a file that is only mapped: what its ELF header says, or the usual one. */
export function fileArchitecture(
  image: CramfsImage,
  inode: Inode,
  { arch }: AskedArchitecture,
): ArchitectureName {
  return arch ?? elfArchitecture(fileHead(image, inode)) ?? usual(image);
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

/** Returns the architecture of the first program of the image that names one that is wanted. */
function ofImage(
  image: CramfsImage,
  isWanted: (arch: ArchitectureName) => boolean = () => true,
): ArchitectureName | undefined {
  for (const { inode } of image.walk(image.root, { onError: () => undefined })) {
    if (inode.type !== 'file' || (inode.mode & 0o111) === 0) continue;
    const arch = elfArchitecture(fileHead(image, inode));
    if (arch !== undefined && isWanted(arch)) return arch;
  }
  return undefined;
}

/** The start of what is executed in the end; undefined: nothing that can be read. */
function programHead(image: CramfsImage, path: string, depth: number): Uint8Array | undefined {
  let inode: Inode;
  try {
    inode = image.lookup(path);
  } catch {
    // execve() will report what is wrong with it.
    return undefined;
  }
  if (inode.type !== 'file') return undefined;
  const head = fileHead(image, inode);
  const line = /^#![ \t]*([^ \t\n\0]+)/.exec(bytesToName(head.subarray(0, 256)));
  return line === null || depth === 0 ? head : programHead(image, line[1]!, depth - 1);
}

/** The first block of a file; empty if it cannot be read. */
export function fileHead(image: CramfsImage, inode: Inode): Uint8Array {
  try {
    return inode.size === 0 ? new Uint8Array() : image.readBlock(inode, 0);
  } catch {
    // A damaged block: the emulator reports it when it reads the block.
    return new Uint8Array();
  }
}

/** What an ELF header says; undefined for other files, and for machines that are not known here. */
export function elfArchitecture(head: Uint8Array): ArchitectureName | undefined {
  const elf = parseElf(head);
  return elf && architectureOf(elf)?.name;
}
