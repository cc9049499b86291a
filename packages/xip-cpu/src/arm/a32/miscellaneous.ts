import { unary } from '../emit/media.js';
import { threeOperands } from '../emit/multiply.js';
import type { Emitter } from '../emitter.js';
import { bits, signed, type Encoding } from '../encoding.js';
import { NEXT_PC, T0 } from '../layout.js';
import * as op from '../operations.js';

type Decode = (emitter: Emitter, word: number) => void;

/** Decodes a saturating D = M op N. */
function saturating(number: number): Decode {
  return (emitter, word) => {
    const operands = { n: bits(word, 16, 4), d: bits(word, 12, 4), m: word & 15 };
    threeOperands(emitter, word, number, operands);
  };
}

/** The mode bits of CPSR in a user process. MRS reads them along with the flags. */
export const USER_MODE = 0x10;

export const MISCELLANEOUS: readonly Encoding[] = [
  {
    name: 'BX',
    pattern: 'cccc 00010010 1111 1111 1111 0001 mmmm',
    decode: (emitter, word) => {
      emitter.exchange(emitter.source(word & 15));
    },
  },
  {
    name: 'BXJ',
    pattern: 'cccc 00010010 1111 1111 1111 0010 mmmm',
    // Without Jazelle, BXJ is BX.
    decode: (emitter, word) => {
      if ((word & 15) === 15) emitter.unpredictable(word);
      else emitter.exchange(word & 15);
    },
  },
  {
    name: 'BLX (register)',
    pattern: 'cccc 00010010 1111 1111 1111 0011 mmmm',
    decode: (emitter, word) => {
      callRegister(emitter, word, word & 15, emitter.pc + 4);
    },
  },
  {
    name: 'CLZ',
    pattern: 'cccc 00010110 1111 dddd 1111 0001 mmmm',
    decode: (emitter, word) => {
      unary(emitter, word, op.CLZ, bits(word, 12, 4), word & 15);
    },
  },
  { name: 'QADD', pattern: 'cccc 00010000 nnnn dddd 0000 0101 mmmm', decode: saturating(op.QADD) },
  { name: 'QSUB', pattern: 'cccc 00010010 nnnn dddd 0000 0101 mmmm', decode: saturating(op.QSUB) },
  {
    name: 'QDADD',
    pattern: 'cccc 00010100 nnnn dddd 0000 0101 mmmm',
    decode: saturating(op.QDADD),
  },
  {
    name: 'QDSUB',
    pattern: 'cccc 00010110 nnnn dddd 0000 0101 mmmm',
    decode: saturating(op.QDSUB),
  },
  {
    name: 'BKPT',
    pattern: '1110 00010010 iiiiiiiiiiii 0111 iiii',
    decode: (emitter) => {
      emitter.emit(op.BKPT, 0, 0, 0);
      emitter.ended = true;
    },
  },
  {
    name: 'MRS',
    pattern: 'cccc 00010000 1111 dddd 0000 0000 0000',
    decode: (emitter, word) => {
      const d = bits(word, 12, 4);
      if (d === 15) emitter.unpredictable(word);
      else emitter.emit(op.MRS, d, 0, 0, USER_MODE);
    },
  },
  {
    name: 'MSR (register)',
    pattern: 'cccc 00010010 fs00 1111 0000 0000 nnnn',
    decode: (emitter, word) => {
      const n = word & 15;
      if (n === 15) emitter.unpredictable(word);
      else writeStatus(emitter, n, bits(word, 16, 4));
    },
  },
  {
    name: 'NOP, YIELD, WFE, WFI, SEV, CSDB, DBG',
    pattern: 'cccc 00110010 0000 1111 0000 hhhhhhhh',
    decode: () => undefined,
  },
  {
    name: 'MSR (immediate)',
    pattern: 'cccc 00110010 fs00 1111 rrrr iiiiiiii',
    decode: (emitter, word) => {
      const rotation = bits(word, 8, 4) * 2;
      const byte = word & 0xff;
      const value = (byte >>> rotation) | (byte << (32 - rotation));
      writeStatus(emitter, emitter.constant(T0, value), bits(word, 16, 4));
    },
  },
  // Not implemented: they may change the byte order.
  { name: 'MSR CPSR_x (register)', pattern: 'cccc 00010010 ffxx 1111 0000 0000 nnnn' },
  { name: 'MSR CPSR_x (immediate)', pattern: 'cccc 00110010 ffxx 1111 rrrr iiiiiiii' },
  { name: 'SWP, SWPB', pattern: 'cccc 00010 b00 nnnn tttt 0000 1001 mmmm' },
];

/** Writes the flags (bit 3 of the mask) and GE (bit 2). User mode cannot write the other fields. */
export function writeStatus(emitter: Emitter, n: number, mask: number): void {
  const parts = ((mask >> 3) & 1) | ((mask >> 1) & 2);
  if (parts !== 0) emitter.emit(op.MSR, 0, n, 0, 0, parts);
}

/** Decodes BLX to an address in a register; `returnTo` has the Thumb bit. */
export function callRegister(emitter: Emitter, word: number, m: number, returnTo: number): void {
  if (m === 15) {
    emitter.unpredictable(word);
    return;
  }
  // Copy the address first: it may be in lr.
  emitter.emit(op.MOV_R, NEXT_PC, 0, m);
  emitter.constant(14, returnTo);
  emitter.exchange(NEXT_PC);
}

export const BRANCH: readonly Encoding[] = [
  {
    name: 'BLX (immediate)',
    pattern: '1111 101h iiiiiiiiiiiiiiiiiiiiiiii',
    decode: (emitter, word) => {
      emitter.constant(14, emitter.pc + 4);
      const target = emitter.pcValue + signed(word & 0xffffff, 24) * 4 + bits(word, 24, 1) * 2;
      emitter.branch((target | 1) >>> 0);
    },
  },
  {
    name: 'BL',
    pattern: 'cccc 1011 iiiiiiiiiiiiiiiiiiiiiiii',
    decode: (emitter, word) => {
      emitter.constant(14, emitter.pc + 4);
      emitter.branch((emitter.pcValue + signed(word & 0xffffff, 24) * 4) >>> 0);
    },
  },
  {
    name: 'SVC',
    pattern: 'cccc 1111 iiiiiiiiiiiiiiiiiiiiiiii',
    decode: (emitter) => {
      emitter.emit(op.SVC, 0, 0, 0);
      emitter.ended = true;
    },
  },
];
