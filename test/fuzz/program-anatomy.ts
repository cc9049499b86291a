import { PT_DYNAMIC, PT_INTERP, isElf, isFlat, parseElf, type ElfSegment } from 'cramfs-elf';
import type { Range } from './anatomy.js';

/** Where the parts of a program stand, as offsets in the file that holds the image. */
export type ProgramAnatomy = { readonly start: number; readonly length: number } & (
  | { readonly format: 'script' | 'flat' }
  | {
      readonly format: 'elf';
      readonly elfClass: 32 | 64;
      readonly little: boolean;
      readonly programHeaders: Range;
      /** Entries of two words. */
      readonly dynamic: Range | undefined;
      readonly interpreter: Range | undefined;
    }
);

/**
 * Finds the parts of a program that is not damaged.
 *
 * @param bytes of the file.
 * @param start where they are.
 * @returns undefined for a file that is not a program.
 */
export function dissectProgram(bytes: Uint8Array, start: number): ProgramAnatomy | undefined {
  const whole = { start, length: bytes.length };
  if (bytes[0] === 0x23 && bytes[1] === 0x21) return { ...whole, format: 'script' };
  if (isFlat(bytes)) return { ...whole, format: 'flat' };
  const elf = isElf(bytes) ? parseElf(bytes) : undefined;
  if (elf === undefined) return undefined;
  const { elfClass, endianness, segments } = elf;
  const wide = elfClass === 64;
  // After the header, where linkers and our own tests put them.
  const at = start + (wide ? 64 : 52);
  return {
    ...whole,
    format: 'elf',
    elfClass,
    little: endianness === 'little',
    programHeaders: { start: at, length: segments.length * (wide ? 56 : 32) },
    dynamic: rangeOf(segments, PT_DYNAMIC, start),
    interpreter: rangeOf(segments, PT_INTERP, start),
  };
}

function rangeOf(segments: readonly ElfSegment[], type: number, start: number): Range | undefined {
  const found = segments.find((segment) => segment.type === type);
  return found && { start: start + found.offset, length: found.filesz };
}
