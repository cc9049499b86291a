import { USER_MODE, writeStatus } from '../a32/miscellaneous.js';
import type { Emitter } from '../emitter.js';
import { bits, signed, type Encoding } from '../encoding.js';
import * as op from '../operations.js';

function nothing(): void {
  return undefined;
}

/** Returns the offset S:I1:I2:imm10:imm11:0, where I1 = NOT(J1 EOR S). */
function farOffset(word: number): number {
  const sign = bits(word, 26, 1);
  const high = ((bits(word, 13, 1) ^ sign ^ 1) << 1) | (bits(word, 11, 1) ^ sign ^ 1);
  const field = (sign << 23) | (high << 21) | (bits(word, 16, 10) << 11) | (word & 0x7ff);
  return signed(field, 24) * 2;
}

/** Returns the offset S:J2:J1:imm6:imm11:0. */
function conditionalOffset(word: number): number {
  const high = (bits(word, 26, 1) << 2) | (bits(word, 11, 1) << 1) | bits(word, 13, 1);
  return signed((high << 17) | (bits(word, 16, 6) << 11) | (word & 0x7ff), 20) * 2;
}

function branch(emitter: Emitter, word: number): void {
  emitter.branch(((emitter.pcValue + farOffset(word)) | 1) >>> 0);
}

function branchWithLink(emitter: Emitter, word: number): void {
  emitter.constant(14, (emitter.pc + 4) | 1);
  branch(emitter, word);
}

function exchange(emitter: Emitter, word: number): void {
  emitter.constant(14, (emitter.pc + 4) | 1);
  emitter.branch(((emitter.pcValue & ~3) + farOffset(word)) >>> 0);
}

function conditional(emitter: Emitter, word: number): void {
  const target = ((emitter.pcValue + conditionalOffset(word)) | 1) >>> 0;
  if (emitter.conditional) emitter.unpredictable(word);
  else emitter.branchIf(bits(word, 22, 4), target);
}

export const BRANCH_32: readonly Encoding[] = [
  {
    name: 'MSR',
    pattern: '111100111000 nnnn 1000 fs00 0000 0000',
    decode: (emitter, word) => {
      const n = bits(word, 16, 4);
      if (n === 13 || n === 15) emitter.unpredictable(word);
      else writeStatus(emitter, n, bits(word, 8, 4));
    },
  },
  {
    name: 'NOP, YIELD, WFE, WFI, SEV, DBG',
    pattern: '111100111010 1111 1000 0000 hhhhhhhh',
    decode: nothing,
  },
  {
    name: 'CLREX',
    pattern: '111100111011 1111 1000 1111 0010 1111',
    decode: (emitter) => {
      emitter.emit(op.CLREX, 0, 0, 0);
    },
  },
  { name: 'DSB', pattern: '111100111011 1111 1000 1111 0100 oooo', decode: nothing },
  { name: 'DMB', pattern: '111100111011 1111 1000 1111 0101 oooo', decode: nothing },
  { name: 'ISB', pattern: '111100111011 1111 1000 1111 0110 oooo', decode: nothing },
  {
    name: 'MRS',
    pattern: '111100111110 1111 1000 dddd 0000 0000',
    decode: (emitter, word) => {
      const d = bits(word, 8, 4);
      if (d === 13 || d === 15) emitter.unpredictable(word);
      else emitter.emit(op.MRS, d, 0, 0, emitter.microcontroller ? 0 : USER_MODE);
    },
  },
  { name: 'BXJ', pattern: '111100111100 mmmm 1000 1111 0000 0000' },
  {
    name: 'UDF',
    pattern: '111101111111 iiii 1010 iiiiiiiiiiii',
    decode: (emitter, word) => {
      emitter.illegal(word);
    },
  },
  { name: 'privileged', pattern: '11110 x111 xxxxxxx 10x0 xxxxxxxxxxxx' },
  {
    name: 'B (conditional)',
    pattern: '11110 s cccc iiiiii 10 j0j iiiiiiiiiii',
    decode: conditional,
    always: true,
  },
  { name: 'B', pattern: '11110 s iiiiiiiiii 10 j1j iiiiiiiiiii', decode: branch },
  { name: 'BLX (immediate)', pattern: '11110 s iiiiiiiiii 11 j0j iiiiiiiiii 0', decode: exchange },
  { name: 'BL', pattern: '11110 s iiiiiiiiii 11 j1j iiiiiiiiiii', decode: branchWithLink },
];
