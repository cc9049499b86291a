import { compilePattern, type EncodingTable } from '#xip-cpu/arm/encoding.js';
import { A32, A32_UNCONDITIONAL } from '#xip-cpu/arm/a32/index.js';
import { T32_16, T32_32, T32_COPROCESSOR, T32_UNCONDITIONAL } from '#xip-cpu/arm/t32/index.js';
import type { Candidate } from './sequences.js';

/** What they read or leave is not the same on all processors; they have tests of their own. */
const PROCESSORS_OWN = new Set(['MRC TPIDRURO', 'MRC TPIDRURW', 'MCR TPIDRURW', 'VMSR']);

/** The instructions of a table that are implemented. */
function from(
  table: EncodingTable,
  size: Candidate['size'],
  encode: (word: number) => number = (word) => word,
): Candidate[] {
  return table.encodings
    .filter(({ name, decode }) => decode !== undefined && !PROCESSORS_OWN.has(name))
    .map(({ name, pattern }) => ({ name, ...compilePattern(pattern), size, encode }));
}

/** Most instructions with the condition "always". */
function conditional(word: number): number {
  return (
    (word >>> 28 === 15 || (word & 0x70) !== 0 ? (word & 0x0fffffff) | 0xe0000000 : word) >>> 0
  );
}

function thumbUnconditional(word: number): number {
  const top = word >>> 25;
  // Advanced SIMD: data processing 1111 001U is 111U 1111, element loads 1111 0100 are 1111 1001.
  if (top === 0x79) return (0xef000000 | ((word & 0x01000000) << 4) | (word & 0x00ffffff)) >>> 0;
  if (word >>> 24 === 0xf4) return (0xf9000000 | (word & 0x00ffffff)) >>> 0;
  return word;
}

export const A32_CANDIDATES: readonly Candidate[] = [
  ...from(A32, 4, conditional),
  ...from(A32_UNCONDITIONAL, 4),
];

/** A table of branches among the instructions, which are not all there yet, is no test: not with pc as Rn. */
function withoutTables(candidate: Candidate): Candidate {
  if (candidate.name !== 'TBB, TBH') return candidate;
  return { ...candidate, encode: (word) => (word & ~0x00080000) >>> 0 };
}

export const T32_CANDIDATES: readonly Candidate[] = [
  ...from(T32_16, 2),
  ...from(T32_32, 5).map(withoutTables),
  ...from(T32_COPROCESSOR, 5, (word) => ((word & 0x0fffffff) | 0xe0000000) >>> 0),
  ...from(T32_UNCONDITIONAL, 5, thumbUnconditional),
];
