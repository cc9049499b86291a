import {
  BYTE,
  HALF,
  TWO_BYTES,
  extend,
  extractField,
  insertField,
  packHalves,
  saturate,
  unary,
} from '../emit/media.js';
import { ASR, LSL } from '../emit/data-processing.js';
import { threeOperands } from '../emit/multiply.js';
import type { Emitter } from '../emitter.js';
import { bit, bits, type Encoding } from '../encoding.js';
import * as op from '../operations.js';
import { SIGNED_MULTIPLY } from './multiply.js';

type Decode = (emitter: Emitter, word: number) => void;

function registers(word: number): { n: number; d: number; m: number } {
  return { n: bits(word, 16, 4), d: bits(word, 12, 4), m: word & 15 };
}

/** Kinds of parallel addition, by bits 22 to 20; 0 and 4 do not exist. */
const KINDS: Readonly<Record<number, number>> = { 1: 0, 2: 1, 3: 2, 5: 3, 6: 4, 7: 5 };

/** Decodes a parallel addition of any kind: signed, saturating, halving, and the same unsigned. */
function parallel(what: number): Decode {
  return (emitter, word) => {
    const kind = KINDS[bits(word, 20, 3)];
    if (kind === undefined) emitter.illegal(word);
    else threeOperands(emitter, word, op.PARALLEL, { ...registers(word), aux: kind * 8 + what });
  };
}

function extended(part: number): Decode {
  return (emitter, word) => {
    extend(emitter, word, part, bit(word, 22), {
      ...registers(word),
      rotation: bits(word, 10, 2) * 8,
    });
  };
}

function reversed(number: number): Decode {
  return (emitter, word) => {
    unary(emitter, word, number, bits(word, 12, 4), word & 15);
  };
}

function saturated(isUnsigned: boolean): Decode {
  return (emitter, word) => {
    const width = bits(word, 16, 5) + (isUnsigned ? 0 : 1);
    const operands = { d: bits(word, 12, 4), n: word & 15, width };
    const type = bit(word, 6) ? ASR : LSL;
    saturate(emitter, word, isUnsigned, operands, { type, amount: bits(word, 7, 5) });
  };
}

function saturated16(number: number, more: number): Decode {
  return (emitter, word) => {
    const { n, d, m } = registers(word);
    if (d === 15 || m === 15) emitter.unpredictable(word);
    else emitter.emit(number, d, 0, m, n + more);
  };
}

function packed(isTop: boolean): Decode {
  return (emitter, word) => {
    packHalves(emitter, word, isTop, { ...registers(word), amount: bits(word, 7, 5) });
  };
}

function extracted(isUnsigned: boolean): Decode {
  return (emitter, word) => {
    extractField(emitter, word, isUnsigned, {
      d: bits(word, 12, 4),
      n: word & 15,
      low: bits(word, 7, 5),
      width: bits(word, 16, 5) + 1,
    });
  };
}

export const MEDIA: readonly Encoding[] = [
  {
    name: 'parallel ADD16',
    pattern: 'cccc 01100kkk nnnn dddd 1111 0001 mmmm',
    decode: parallel(0),
  },
  { name: 'parallel ASX', pattern: 'cccc 01100kkk nnnn dddd 1111 0011 mmmm', decode: parallel(1) },
  { name: 'parallel SAX', pattern: 'cccc 01100kkk nnnn dddd 1111 0101 mmmm', decode: parallel(2) },
  {
    name: 'parallel SUB16',
    pattern: 'cccc 01100kkk nnnn dddd 1111 0111 mmmm',
    decode: parallel(3),
  },
  { name: 'parallel ADD8', pattern: 'cccc 01100kkk nnnn dddd 1111 1001 mmmm', decode: parallel(4) },
  { name: 'parallel SUB8', pattern: 'cccc 01100kkk nnnn dddd 1111 1111 mmmm', decode: parallel(5) },
  { name: 'PKHBT', pattern: 'cccc 01101000 nnnn dddd iiiii 001 mmmm', decode: packed(false) },
  { name: 'PKHTB', pattern: 'cccc 01101000 nnnn dddd iiiii 101 mmmm', decode: packed(true) },
  {
    name: 'SEL',
    pattern: 'cccc 01101000 nnnn dddd 1111 1011 mmmm',
    decode: (emitter, word) => {
      threeOperands(emitter, word, op.SEL, registers(word));
    },
  },
  {
    name: 'SXTAB16, UXTAB16',
    pattern: 'cccc 01101u00 nnnn dddd rr00 0111 mmmm',
    decode: extended(TWO_BYTES),
  },
  {
    name: 'SXTAB, UXTAB',
    pattern: 'cccc 01101u10 nnnn dddd rr00 0111 mmmm',
    decode: extended(BYTE),
  },
  {
    name: 'SXTAH, UXTAH',
    pattern: 'cccc 01101u11 nnnn dddd rr00 0111 mmmm',
    decode: extended(HALF),
  },
  {
    name: 'SSAT16',
    pattern: 'cccc 01101010 iiii dddd 1111 0011 mmmm',
    decode: saturated16(op.SSAT16, 1),
  },
  {
    name: 'USAT16',
    pattern: 'cccc 01101110 iiii dddd 1111 0011 mmmm',
    decode: saturated16(op.USAT16, 0),
  },
  { name: 'SSAT', pattern: 'cccc 0110101 iiiii dddd iiiii t01 nnnn', decode: saturated(false) },
  { name: 'USAT', pattern: 'cccc 0110111 iiiii dddd iiiii t01 nnnn', decode: saturated(true) },
  { name: 'REV', pattern: 'cccc 01101011 1111 dddd 1111 0011 mmmm', decode: reversed(op.REV) },
  { name: 'REV16', pattern: 'cccc 01101011 1111 dddd 1111 1011 mmmm', decode: reversed(op.REV16) },
  { name: 'RBIT', pattern: 'cccc 01101111 1111 dddd 1111 0011 mmmm', decode: reversed(op.RBIT) },
  { name: 'REVSH', pattern: 'cccc 01101111 1111 dddd 1111 1011 mmmm', decode: reversed(op.REVSH) },
  ...SIGNED_MULTIPLY,
  { name: 'SBFX', pattern: 'cccc 0111101 wwwww dddd lllll 101 nnnn', decode: extracted(false) },
  { name: 'UBFX', pattern: 'cccc 0111111 wwwww dddd lllll 101 nnnn', decode: extracted(true) },
  {
    name: 'BFI, BFC',
    pattern: 'cccc 0111110 hhhhh dddd lllll 001 nnnn',
    decode: (emitter, word) => {
      insertField(emitter, word, {
        d: bits(word, 12, 4),
        n: word & 15,
        low: bits(word, 7, 5),
        high: bits(word, 16, 5),
      });
    },
  },
];
