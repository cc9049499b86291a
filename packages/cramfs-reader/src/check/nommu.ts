import type { NommuHazard } from 'cramfs-elf';
import { nameToText } from 'cramfs-format';
import { programPartsInPlace } from '../nommu-in-place.js';
import { hasExtendedPointers } from '../superblock.js';
import type { CheckContext } from './context.js';
import { pathOf, type CheckedEntry } from './entry.js';

/**
 * Finds what stops a kernel without an MMU in a file with blocks in place, or makes its loader write to ROM
 * (kernel facts K22, K23).
 */
export function checkProgram(context: CheckContext, entry: CheckedEntry): void {
  const { image, findings, nommu, inPlace } = context;
  const { inode } = entry;
  if (nommu === undefined || !hasExtendedPointers(image.superblock)) return;
  for (const { hazard, offset } of programPartsInPlace(image, inode, image.blockSize)) {
    inPlace.nommuProgram = true;
    if (hazard === undefined) continue;
    const [code, message] = HAZARDS[hazard];
    const what = `without an MMU: the part of the program at ${offset} ${message}`;
    const place = { path: () => pathOf(entry), offset: inode.dataOffset };
    findings.add(code, what, place, nommu);
  }
}

const HAZARDS: Readonly<
  Record<NommuHazard, readonly ['k22-same-address' | 'k23-rom-written', string]>
> = {
  'same-start': [
    'k22-same-address',
    'starts in ROM where a shorter one does, and Linux stops when it is run',
  ],
  cleared: ['k23-rom-written', 'is longer than in the file, and Linux clears the rest in ROM'],
  relocated: ['k23-rom-written', 'is text in ROM, and relocations store to it'],
};

/**
 * Finds pages of different inodes, or of one, at the same place in ROM. An image for kernels with an MMU may
 * well have them: unless the caller asks about kernels without one, they matter only if a program that such a
 * kernel maps is in place.
 */
export function checkInPlace({ image, findings, nommu, inPlace }: CheckContext): void {
  if (nommu === undefined || !hasExtendedPointers(image.superblock)) return;
  if (nommu !== 'error' && !inPlace.nommuProgram) return;
  for (const { first, second, start, count } of inPlace.pages.shared()) {
    const [a, b] = [inPlace.entries[first.file]!, inPlace.entries[second.file]!];
    const what = (): string =>
      a === b
        ? `pages ${first.page} and ${second.page} are one place in ROM`
        : `${count === 1 ? 'a page is' : `${count} pages are`} in ROM where those of ` +
          `${nameToText(pathOf(a))} are`;
    findings.add(
      'k22-same-address',
      () => `without an MMU: ${what()}, and Linux stops when both are mapped`,
      { path: () => pathOf(b), offset: start },
      nommu,
    );
  }
}
