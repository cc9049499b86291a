import {
  ASR,
  LSL,
  LSR,
  ROR,
  withImmediate,
  withRegister,
  withShiftedRegister,
  type Alu,
} from '../emit/data-processing.js';
import { BYTE, HALF, extend, unary } from '../emit/media.js';
import type { Emitter } from '../emitter.js';
import { bit, bits, type Encoding } from '../encoding.js';
import * as op from '../operations.js';

type Decode = (emitter: Emitter, word: number) => void;

const NO_SHIFT = { type: LSL, amount: 0 };

/** Whether the instruction sets the flags: outside IT blocks it does. */
function setsFlags(emitter: Emitter): boolean {
  return !emitter.conditional;
}

function shift(type: number): Decode {
  return (emitter, word) => {
    const operation = { alu: 'MOV', flags: setsFlags(emitter), d: word & 7, n: 0 } as const;
    const amount = bits(word, 6, 5);
    // LSL by 0 is a move; with a condition it is UNPREDICTABLE.
    withRegister(emitter, operation, bits(word, 3, 3), { type, amount });
  };
}

function threeRegisters(alu: Alu): Decode {
  return (emitter, word) => {
    const operation = { alu, flags: setsFlags(emitter), d: word & 7, n: bits(word, 3, 3) };
    withRegister(emitter, operation, bits(word, 6, 3), NO_SHIFT);
  };
}

function immediate3(alu: Alu): Decode {
  return (emitter, word) => {
    const operation = { alu, flags: setsFlags(emitter), d: word & 7, n: bits(word, 3, 3) };
    withImmediate(emitter, operation, bits(word, 6, 3));
  };
}

function immediate8(alu: Alu): Decode {
  return (emitter, word) => {
    const d = bits(word, 8, 3);
    const flags = alu === 'CMP' || setsFlags(emitter);
    withImmediate(emitter, { alu, flags, d, n: d }, word & 0xff);
  };
}

/** Decodes an operation on two registers: D = D op M. */
function twoRegisters(alu: Alu): Decode {
  return (emitter, word) => {
    const d = word & 7;
    withRegister(emitter, { alu, flags: setsFlags(emitter), d, n: d }, bits(word, 3, 3), NO_SHIFT);
  };
}

/** Decodes D = D shifted by M. */
function shiftByRegister(type: number): Decode {
  return (emitter, word) => {
    const d = word & 7;
    const operation = { alu: 'MOV', flags: setsFlags(emitter), d, n: 0 } as const;
    withShiftedRegister(emitter, operation, d, type, bits(word, 3, 3));
  };
}

/** Decodes an operation on registers 0 to 15, with D in two parts. */
function highRegisters(alu: Alu): Decode {
  return (emitter, word) => {
    const d = (word & 7) | (bits(word, 7, 1) << 3);
    withRegister(emitter, { alu, flags: alu === 'CMP', d, n: d }, bits(word, 3, 4), NO_SHIFT);
  };
}

function reversed(number: number): Decode {
  return (emitter, word) => {
    unary(emitter, word, number, word & 7, bits(word, 3, 3));
  };
}

function extended(part: number): Decode {
  return (emitter, word) => {
    const operands = { d: word & 7, n: 15, m: bits(word, 3, 3), rotation: 0 };
    extend(emitter, word, part, bit(word, 7), operands);
  };
}

function stackPointer(sign: number): Decode {
  return (emitter, word) => {
    emitter.emit(op.ADD_I, 13, 13, 0, sign * (word & 0x7f) * 4);
  };
}

export const DATA_PROCESSING_16: readonly Encoding[] = [
  { name: 'LSL (immediate)', pattern: '000 00 iiiii mmm ddd', decode: shift(LSL) },
  { name: 'LSR (immediate)', pattern: '000 01 iiiii mmm ddd', decode: shift(LSR) },
  { name: 'ASR (immediate)', pattern: '000 10 iiiii mmm ddd', decode: shift(ASR) },
  { name: 'ADD (register)', pattern: '000 1100 mmm nnn ddd', decode: threeRegisters('ADD') },
  { name: 'SUB (register)', pattern: '000 1101 mmm nnn ddd', decode: threeRegisters('SUB') },
  { name: 'ADD (3-bit immediate)', pattern: '000 1110 iii nnn ddd', decode: immediate3('ADD') },
  { name: 'SUB (3-bit immediate)', pattern: '000 1111 iii nnn ddd', decode: immediate3('SUB') },
  { name: 'MOV (immediate)', pattern: '001 00 ddd iiiiiiii', decode: immediate8('MOV') },
  { name: 'CMP (immediate)', pattern: '001 01 nnn iiiiiiii', decode: immediate8('CMP') },
  { name: 'ADD (8-bit immediate)', pattern: '001 10 ddd iiiiiiii', decode: immediate8('ADD') },
  { name: 'SUB (8-bit immediate)', pattern: '001 11 ddd iiiiiiii', decode: immediate8('SUB') },
  { name: 'AND (register)', pattern: '010000 0000 mmm ddd', decode: twoRegisters('AND') },
  { name: 'EOR (register)', pattern: '010000 0001 mmm ddd', decode: twoRegisters('EOR') },
  { name: 'LSL (register)', pattern: '010000 0010 mmm ddd', decode: shiftByRegister(LSL) },
  { name: 'LSR (register)', pattern: '010000 0011 mmm ddd', decode: shiftByRegister(LSR) },
  { name: 'ASR (register)', pattern: '010000 0100 mmm ddd', decode: shiftByRegister(ASR) },
  { name: 'ADC (register)', pattern: '010000 0101 mmm ddd', decode: twoRegisters('ADC') },
  { name: 'SBC (register)', pattern: '010000 0110 mmm ddd', decode: twoRegisters('SBC') },
  { name: 'ROR (register)', pattern: '010000 0111 mmm ddd', decode: shiftByRegister(ROR) },
  { name: 'TST (register)', pattern: '010000 1000 mmm nnn', decode: twoRegisters('TST') },
  {
    name: 'RSB (from 0)',
    pattern: '010000 1001 nnn ddd',
    decode: (emitter, word) => {
      const operation = { flags: setsFlags(emitter), d: word & 7, n: bits(word, 3, 3) };
      withImmediate(emitter, { alu: 'RSB', ...operation }, 0);
    },
  },
  { name: 'CMP (register)', pattern: '010000 1010 mmm nnn', decode: twoRegisters('CMP') },
  { name: 'CMN (register)', pattern: '010000 1011 mmm nnn', decode: twoRegisters('CMN') },
  { name: 'ORR (register)', pattern: '010000 1100 mmm ddd', decode: twoRegisters('ORR') },
  {
    name: 'MUL',
    pattern: '010000 1101 nnn ddd',
    decode: (emitter, word) => {
      const d = word & 7;
      emitter.emit(setsFlags(emitter) ? op.MULS : op.MUL, d, bits(word, 3, 3), d);
    },
  },
  { name: 'BIC (register)', pattern: '010000 1110 mmm ddd', decode: twoRegisters('BIC') },
  { name: 'MVN (register)', pattern: '010000 1111 mmm ddd', decode: twoRegisters('MVN') },
  { name: 'ADD (high registers)', pattern: '010001 00 d mmmm ddd', decode: highRegisters('ADD') },
  { name: 'CMP (high registers)', pattern: '010001 01 n mmmm nnn', decode: highRegisters('CMP') },
  { name: 'MOV (register)', pattern: '010001 10 d mmmm ddd', decode: highRegisters('MOV') },
  {
    name: 'ADR',
    pattern: '1010 0 ddd iiiiiiii',
    decode: (emitter, word) => {
      emitter.constant(bits(word, 8, 3), (emitter.pcValue & ~3) + (word & 0xff) * 4);
    },
  },
  {
    name: 'ADD (SP plus immediate)',
    pattern: '1010 1 ddd iiiiiiii',
    decode: (emitter, word) => {
      emitter.emit(op.ADD_I, bits(word, 8, 3), 13, 0, (word & 0xff) * 4);
    },
  },
  { name: 'ADD (SP)', pattern: '1011 00000 iiiiiii', decode: stackPointer(1) },
  { name: 'SUB (SP)', pattern: '1011 00001 iiiiiii', decode: stackPointer(-1) },
  { name: 'SXTH, UXTH', pattern: '1011 0010 u0 mmm ddd', decode: extended(HALF) },
  { name: 'SXTB, UXTB', pattern: '1011 0010 u1 mmm ddd', decode: extended(BYTE) },
  { name: 'REV', pattern: '1011 1010 00 mmm ddd', decode: reversed(op.REV) },
  { name: 'REV16', pattern: '1011 1010 01 mmm ddd', decode: reversed(op.REV16) },
  { name: 'REVSH', pattern: '1011 1010 11 mmm ddd', decode: reversed(op.REVSH) },
];
