import type { NommuPart } from 'cramfs-elf';
import type { CramfsImage } from './image.js';
import { directMap } from './mappability.js';
import { readNommuProgram } from './program.js';
import type { Inode } from './types.js';

/** The image's place does not matter to a kernel without an MMU, as long as it is on the bus. */
const SOME_ADDRESS = 0x10000;

/**
 * The parts of a file that the loaders of a kernel without an MMU map from ROM: none if it is not a program
 * for such a kernel.
 *
 * @param pageSize the kernel's, in bytes.
 */
export function* programPartsInPlace(
  image: CramfsImage,
  inode: Inode,
  pageSize: number,
): Generator<NommuPart, void> {
  for (const part of readNommuProgram(image, inode, pageSize)?.parts ?? []) {
    if (part.span === undefined) continue;
    const request = { ...part.span, pageSize, physAddr: SOME_ADDRESS, mmu: false };
    if (directMap(image, inode, request).pages > 0) yield part;
  }
}
