import type { Emitter } from '../emitter.js';
import { bit, bits, type Encoding } from '../encoding.js';
import { ZERO } from '../layout.js';
import * as op from '../operations.js';
import { doubleM, doubleN, floatD, isDouble, singleM, singleN } from './registers.js';

type Decode = (emitter: Emitter, word: number) => void;

const REGISTER_FILE = 256;

function single(load: boolean): Decode {
  return (emitter, word) => {
    const n = bits(word, 16, 4);
    const distance = (word & 0xff) * 4;
    let offset = bit(word, 23) ? distance : -distance;
    if (n === 15) offset = ((emitter.pcValue & ~3) + offset) | 0;
    const base = n === 15 ? ZERO : n;
    const number = (load ? op.VLDR_32 : op.VSTR_32) + (isDouble(word) ? 1 : 0);
    emitter.write(number, floatD(word), base << 2, 0, offset, 0, 0, 0);
  };
}

/**
 * Decodes VLDM and VSTM. With doubles, an odd count of words means FLDMX and FSTMX: the last word
 * is unused.
 */
function multiple(load: boolean): Decode {
  return (emitter, word) => {
    const before = bit(word, 24);
    const up = bit(word, 23);
    const writeBack = bit(word, 21);
    const words = word & 0xff;
    const isX = isDouble(word) && (words & 1) !== 0;
    const bytes = (isX ? words - 1 : words) * 4;
    const first = floatD(word);
    // Singles exist only in the lower half of the register file.
    const limit = isDouble(word) ? REGISTER_FILE : REGISTER_FILE / 2;
    const n = bits(word, 16, 4);
    const wrongMode = before === up || (before && !writeBack);
    if (wrongMode || n === 15 || bytes === 0 || bytes > 128 || first + bytes > limit) {
      emitter.unpredictable(word);
      return;
    }
    const aux = (writeBack ? (up ? 1 : 2) : 0) | (isX ? 4 : 0);
    const start = up ? 0 : -4 * words;
    emitter.write(load ? op.VLDM : op.VSTM, first, n << 2, 0, start, aux, 0, bytes);
  };
}

/** Decodes a move between a core register and a float; `n` is the float's offset. */
function coreSingle(emitter: Emitter, word: number): void {
  const t = bits(word, 12, 4);
  if (t === 15) emitter.unpredictable(word);
  else if (bit(word, 20)) emitter.write(op.VMOV_TO_CORE, t << 2, singleN(word), 0, 0, 0, 0, 0);
  else emitter.write(op.VMOV_CORE, singleN(word), t << 2, 0, 0, 0, 0, 0);
}

function twoCores(emitter: Emitter, word: number): void {
  const t = bits(word, 12, 4);
  const t2 = bits(word, 16, 4);
  const toCore = bit(word, 20);
  const m = isDouble(word) ? doubleM(word) : singleM(word);
  const last = !isDouble(word) && m === REGISTER_FILE / 2 - 4;
  if (t === 15 || t2 === 15 || (toCore && t === t2) || last) emitter.unpredictable(word);
  else if (toCore) emitter.write(op.VMOV_TO_2CORE, t << 2, 0, m, 0, 0, t2 << 2, 0);
  else emitter.write(op.VMOV_2CORE, m, t << 2, 0, 0, 0, t2 << 2, 0);
}

/**
 * Returns the size and the offset in the register of the element that bits 22, 21, 6 and 5 name.
 */
function element(word: number): { size: number; offset: number } | undefined {
  const field = (bits(word, 21, 2) << 2) | bits(word, 5, 2);
  if ((field & 8) !== 0) return { size: 1, offset: field & 7 };
  if ((field & 1) !== 0) return { size: 2, offset: (field >> 1) * 2 };
  return (field & 2) !== 0 ? undefined : { size: 4, offset: (field >> 2) * 4 };
}

function toScalar(emitter: Emitter, word: number): void {
  const t = bits(word, 12, 4);
  const part = element(word);
  if (part === undefined) emitter.illegal(word);
  else if (t === 15) emitter.unpredictable(word);
  else {
    const at = doubleN(word) + part.offset;
    emitter.write(op.VMOV_SCALAR, at, t << 2, 0, 0, part.size, 0, 0);
  }
}

function fromScalar(emitter: Emitter, word: number): void {
  const t = bits(word, 12, 4);
  const part = element(word);
  const isUnsigned = bit(word, 23);
  if (part === undefined || (isUnsigned && part.size === 4)) emitter.illegal(word);
  else if (t === 15) emitter.unpredictable(word);
  else {
    const how = part.size + (isUnsigned || part.size === 4 ? 0 : 8);
    emitter.write(op.VMOV_TO_SCALAR, t << 2, doubleN(word) + part.offset, 0, 0, how, 0, 0);
  }
}

/**
 * Decodes VDUP, an Advanced SIMD instruction encoded in the VFP space: a core register to all
 * elements.
 */
function duplicate(emitter: Emitter, word: number): void {
  const t = bits(word, 12, 4);
  const d = bits(word, 16, 4) | (bits(word, 7, 1) << 4);
  const field = (bits(word, 22, 1) << 1) | bits(word, 5, 1);
  const wide = bit(word, 21);
  if (field === 3 || (wide && (d & 1) !== 0)) emitter.illegal(word);
  else if (t === 15) emitter.unpredictable(word);
  else emitter.write(op.VDUP_CORE, d, t << 2, 0, 0, ((2 - field) & 3) | (wide ? 8 : 0), 0, 0);
}

export const TRANSFER: readonly Encoding[] = [
  {
    name: 'VDUP (core register)',
    pattern: 'cccc 11101bQ0 dddd tttt 1011 D0e1 0000',
    decode: duplicate,
  },
  { name: 'VSTR', pattern: 'cccc 1101uD00 nnnn dddd 101s iiiiiiii', decode: single(false) },
  { name: 'VLDR', pattern: 'cccc 1101uD01 nnnn dddd 101s iiiiiiii', decode: single(true) },
  {
    name: 'VMOV (two core registers)',
    pattern: 'cccc 1100010o uuuu tttt 101s 00M1 mmmm',
    decode: twoCores,
  },
  { name: 'VSTM', pattern: 'cccc 110puDw0 nnnn dddd 101s iiiiiiii', decode: multiple(false) },
  { name: 'VLDM', pattern: 'cccc 110puDw1 nnnn dddd 101s iiiiiiii', decode: multiple(true) },
  {
    name: 'VMOV (core register)',
    pattern: 'cccc 1110000o nnnn tttt 1010 N001 0000',
    decode: coreSingle,
  },
  {
    name: 'VMRS APSR_nzcv',
    pattern: 'cccc 11101111 0001 1111 1010 0001 0000',
    decode: (emitter) => {
      emitter.emit(op.VMRS_APSR, 0, 0, 0);
    },
  },
  {
    name: 'VMRS',
    pattern: 'cccc 11101111 0001 tttt 1010 0001 0000',
    decode: (emitter, word) => {
      emitter.emit(op.VMRS, bits(word, 12, 4), 0, 0);
    },
  },
  {
    name: 'VMSR',
    pattern: 'cccc 11101110 0001 tttt 1010 0001 0000',
    decode: (emitter, word) => {
      const t = bits(word, 12, 4);
      if (t === 15) emitter.unpredictable(word);
      else emitter.emit(op.VMSR, t, 0, 0);
    },
  },
  { name: 'VMOV (to scalar)', pattern: 'cccc 11100ii0 nnnn tttt 1011 Nii1 0000', decode: toScalar },
  {
    name: 'VMOV (from scalar)',
    pattern: 'cccc 1110uii1 nnnn tttt 1011 Nii1 0000',
    decode: fromScalar,
  },
];
