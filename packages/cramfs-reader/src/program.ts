import { isCramfsError } from 'cramfs-format';
import { nommuProgram, type NommuProgram } from 'cramfs-elf';
import type { CramfsImage } from './image.js';
import type { Inode } from './types.js';

interface Known {
  readonly image: CramfsImage;
  readonly pageSize: number;
  readonly program: NommuProgram | undefined;
}

/** The last request for an inode: kernels with an MMU and without one are explained in turn. */
const known = new WeakMap<Inode, Known>();

/**
 * A regular file as a kernel without an MMU loads it; undefined if it is not a program or cannot be read:
 * `check` reports damage.
 */
export function readNommuProgram(
  image: CramfsImage,
  inode: Inode,
  pageSize: number,
): NommuProgram | undefined {
  const last = known.get(inode);
  if (last?.image === image && last.pageSize === pageSize) return last.program;
  const program = tryRead(() => {
    const read = (start: number, end: number): Uint8Array | undefined =>
      readRange(image, inode, start, end);
    const head = image.readBlock(inode, 0);
    return nommuProgram({ head, size: inode.size, read }, pageSize);
  }, inode);
  known.set(inode, { image, pageSize, program });
  return program;
}

/** The result of `parse` for a file, or undefined if the file is empty or damaged. */
export function tryRead<T>(parse: () => T, { size }: Inode): T | undefined {
  try {
    return size === 0 ? undefined : parse();
  } catch (error) {
    if (isCramfsError(error)) return undefined;
    throw error;
  }
}

/** Bytes of a file from `start` to before `end`, or undefined if it is shorter. */
export function readRange(
  image: CramfsImage,
  inode: Inode,
  start: number,
  end: number,
): Uint8Array | undefined {
  if (end > inode.size) return undefined;
  const { blockSize } = image;
  const bytes = new Uint8Array(end - start);
  for (let at = start; at < end;) {
    const index = Math.floor(at / blockSize);
    const part = image.readBlock(inode, index).subarray(at % blockSize, end - index * blockSize);
    bytes.set(part, at - start);
    at += part.length;
  }
  return bytes;
}
