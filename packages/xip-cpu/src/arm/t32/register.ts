import { withShiftedRegister } from '../emit/data-processing.js';
import { BYTE, HALF, TWO_BYTES, extend, unary } from '../emit/media.js';
import { longResult, threeOperands } from '../emit/multiply.js';
import type { Emitter } from '../emitter.js';
import { bit, bits, type Encoding } from '../encoding.js';
import * as op from '../operations.js';

type Decode = (emitter: Emitter, word: number) => void;

function registers(word: number): { n: number; a: number; d: number; m: number } {
  return { n: bits(word, 16, 4), a: bits(word, 12, 4), d: bits(word, 8, 4), m: word & 15 };
}

function shift(emitter: Emitter, word: number): void {
  const { n, d, m } = registers(word);
  if (n === 15 || d === 15 || m === 15) {
    emitter.unpredictable(word);
    return;
  }
  const operation = { alu: 'MOV', flags: bit(word, 20), d, n: 0 } as const;
  withShiftedRegister(emitter, operation, n, bits(word, 21, 2), m);
}

function extended(part: number): Decode {
  return (emitter, word) => {
    const { n, d, m } = registers(word);
    extend(emitter, word, part, bit(word, 20), { d, n, m, rotation: bits(word, 4, 2) * 8 });
  };
}

/** The kinds of the operation PARALLEL, by bits 6 to 4. */
const KINDS: Readonly<Record<number, number>> = { 0: 0, 1: 1, 2: 2, 4: 3, 5: 4, 6: 5 };

function parallel(what: number): Decode {
  return (emitter, word) => {
    const { n, d, m } = registers(word);
    const kind = KINDS[bits(word, 4, 3)];
    if (kind === undefined) emitter.illegal(word);
    else threeOperands(emitter, word, op.PARALLEL, { n, d, m, aux: kind * 8 + what });
  };
}

function two(number: number): Decode {
  return (emitter, word) => {
    const { n, d, m } = registers(word);
    threeOperands(emitter, word, number, { n, d, m });
  };
}

/** Decodes an operation on one register, which both fields must name. */
function one(number: number): Decode {
  return (emitter, word) => {
    const { n, d, m } = registers(word);
    if (n === m) unary(emitter, word, number, d, m);
    else emitter.unpredictable(word);
  };
}

/** Decodes an operation with an accumulator, or without one if A is 1111. */
function accumulate(alone: number, accumulating: number, auxBits: number): Decode {
  return (emitter, word) => {
    const { n, a, d, m } = registers(word);
    const aux = bits(word, 4, 2) & auxBits;
    if (a === 15) threeOperands(emitter, word, alone, { n, d, m, aux });
    else threeOperands(emitter, word, accumulating, { n, a, d, m, aux });
  };
}

function halves(alone: number, accumulating: number): Decode {
  return (emitter, word) => {
    const { n, a, d, m } = registers(word);
    // Bit 5 selects the half of N here, bit 4 that of M.
    const aux = bits(word, 5, 1) | (bits(word, 4, 1) << 1);
    if (a === 15) threeOperands(emitter, word, alone, { n, d, m, aux });
    else threeOperands(emitter, word, accumulating, { n, a, d, m, aux });
  };
}

function wordByHalf(alone: number, accumulating: number): Decode {
  return (emitter, word) => {
    const { n, a, d, m } = registers(word);
    const aux = bits(word, 4, 1) << 1;
    if (a === 15) threeOperands(emitter, word, alone, { n, d, m, aux });
    else threeOperands(emitter, word, accumulating, { n, a, d, m, aux });
  };
}

function long(number: number, aux: (word: number) => number = () => 0): Decode {
  return (emitter, word) => {
    const { n, a, d, m } = registers(word);
    longResult(emitter, word, number, { high: d, low: a, n, m, aux: aux(word) });
  };
}

function exchanged(word: number): number {
  return bits(word, 4, 1);
}

export const REGISTER_32: readonly Encoding[] = [
  { name: 'LSL, LSR, ASR, ROR', pattern: '11111010 0tts nnnn 1111 dddd 0000 mmmm', decode: shift },
  {
    name: 'SXTAH, UXTAH',
    pattern: '11111010 000u nnnn 1111 dddd 10rr mmmm',
    decode: extended(HALF),
  },
  {
    name: 'SXTAB16, UXTAB16',
    pattern: '11111010 001u nnnn 1111 dddd 10rr mmmm',
    decode: extended(TWO_BYTES),
  },
  {
    name: 'SXTAB, UXTAB',
    pattern: '11111010 010u nnnn 1111 dddd 10rr mmmm',
    decode: extended(BYTE),
  },
  { name: 'parallel ADD8', pattern: '11111010 1000 nnnn 1111 dddd 0kkk mmmm', decode: parallel(4) },
  {
    name: 'parallel ADD16',
    pattern: '11111010 1001 nnnn 1111 dddd 0kkk mmmm',
    decode: parallel(0),
  },
  { name: 'parallel ASX', pattern: '11111010 1010 nnnn 1111 dddd 0kkk mmmm', decode: parallel(1) },
  { name: 'parallel SUB8', pattern: '11111010 1100 nnnn 1111 dddd 0kkk mmmm', decode: parallel(5) },
  {
    name: 'parallel SUB16',
    pattern: '11111010 1101 nnnn 1111 dddd 0kkk mmmm',
    decode: parallel(3),
  },
  { name: 'parallel SAX', pattern: '11111010 1110 nnnn 1111 dddd 0kkk mmmm', decode: parallel(2) },
  { name: 'QADD', pattern: '11111010 1000 nnnn 1111 dddd 1000 mmmm', decode: two(op.QADD) },
  { name: 'QDADD', pattern: '11111010 1000 nnnn 1111 dddd 1001 mmmm', decode: two(op.QDADD) },
  { name: 'QSUB', pattern: '11111010 1000 nnnn 1111 dddd 1010 mmmm', decode: two(op.QSUB) },
  { name: 'QDSUB', pattern: '11111010 1000 nnnn 1111 dddd 1011 mmmm', decode: two(op.QDSUB) },
  { name: 'REV', pattern: '11111010 1001 mmmm 1111 dddd 1000 mmmm', decode: one(op.REV) },
  { name: 'REV16', pattern: '11111010 1001 mmmm 1111 dddd 1001 mmmm', decode: one(op.REV16) },
  { name: 'RBIT', pattern: '11111010 1001 mmmm 1111 dddd 1010 mmmm', decode: one(op.RBIT) },
  { name: 'REVSH', pattern: '11111010 1001 mmmm 1111 dddd 1011 mmmm', decode: one(op.REVSH) },
  { name: 'SEL', pattern: '11111010 1010 nnnn 1111 dddd 1000 mmmm', decode: two(op.SEL) },
  { name: 'CLZ', pattern: '11111010 1011 mmmm 1111 dddd 1000 mmmm', decode: one(op.CLZ) },
];

export const MULTIPLY_32: readonly Encoding[] = [
  {
    name: 'MLA, MUL',
    pattern: '11111011 0000 nnnn aaaa dddd 0000 mmmm',
    decode: accumulate(op.MUL, op.MLA, 0),
  },
  {
    name: 'MLS',
    pattern: '11111011 0000 nnnn aaaa dddd 0001 mmmm',
    decode: (emitter, word) => {
      threeOperands(emitter, word, op.MLS, registers(word));
    },
  },
  {
    name: 'SMLA<x><y>, SMUL<x><y>',
    pattern: '11111011 0001 nnnn aaaa dddd 00xy mmmm',
    decode: halves(op.SMULXY, op.SMLAXY),
  },
  {
    name: 'SMLAD, SMUAD',
    pattern: '11111011 0010 nnnn aaaa dddd 000x mmmm',
    decode: accumulate(op.SMUAD, op.SMLAD, 1),
  },
  {
    name: 'SMLAW<y>, SMULW<y>',
    pattern: '11111011 0011 nnnn aaaa dddd 000y mmmm',
    decode: wordByHalf(op.SMULWY, op.SMLAWY),
  },
  {
    name: 'SMLSD, SMUSD',
    pattern: '11111011 0100 nnnn aaaa dddd 000x mmmm',
    decode: accumulate(op.SMUSD, op.SMLSD, 1),
  },
  {
    name: 'SMMLA, SMMUL',
    pattern: '11111011 0101 nnnn aaaa dddd 000r mmmm',
    decode: accumulate(op.SMMLA, op.SMMLA, 1),
  },
  {
    name: 'SMMLS',
    pattern: '11111011 0110 nnnn aaaa dddd 000r mmmm',
    decode: (emitter, word) => {
      threeOperands(emitter, word, op.SMMLS, { ...registers(word), aux: exchanged(word) });
    },
  },
  {
    name: 'USADA8, USAD8',
    pattern: '11111011 0111 nnnn aaaa dddd 0000 mmmm',
    decode: accumulate(op.USADA8, op.USADA8, 0),
  },
  { name: 'SMULL', pattern: '11111011 1000 nnnn llll hhhh 0000 mmmm', decode: long(op.SMULL) },
  { name: 'SDIV', pattern: '11111011 1001 nnnn 1111 dddd 1111 mmmm', decode: two(op.SDIV) },
  { name: 'UMULL', pattern: '11111011 1010 nnnn llll hhhh 0000 mmmm', decode: long(op.UMULL) },
  { name: 'UDIV', pattern: '11111011 1011 nnnn 1111 dddd 1111 mmmm', decode: two(op.UDIV) },
  { name: 'SMLAL', pattern: '11111011 1100 nnnn llll hhhh 0000 mmmm', decode: long(op.SMLAL) },
  {
    name: 'SMLAL<x><y>',
    pattern: '11111011 1100 nnnn llll hhhh 10xy mmmm',
    decode: long(op.SMLALXY, (word) => bits(word, 5, 1) | (bits(word, 4, 1) << 1)),
  },
  {
    name: 'SMLALD',
    pattern: '11111011 1100 nnnn llll hhhh 110x mmmm',
    decode: long(op.SMLALD, exchanged),
  },
  {
    name: 'SMLSLD',
    pattern: '11111011 1101 nnnn llll hhhh 110x mmmm',
    decode: long(op.SMLSLD, exchanged),
  },
  { name: 'UMLAL', pattern: '11111011 1110 nnnn llll hhhh 0000 mmmm', decode: long(op.UMLAL) },
  { name: 'UMAAL', pattern: '11111011 1110 nnnn llll hhhh 0110 mmmm', decode: long(op.UMAAL) },
];
