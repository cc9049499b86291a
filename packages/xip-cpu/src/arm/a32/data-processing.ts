import {
  withImmediate,
  withRegister,
  withShiftedRegister,
  type Alu,
} from '../emit/data-processing.js';
import type { Emitter } from '../emitter.js';
import { bit, bits, type Encoding } from '../encoding.js';
import * as op from '../operations.js';

/** The data-processing operations, by bits 24 to 21. */
const ALUS: readonly Alu[] = [
  ...(['AND', 'EOR', 'SUB', 'RSB', 'ADD', 'ADC', 'SBC', 'RSC'] as const),
  ...(['TST', 'TEQ', 'CMP', 'CMN', 'ORR', 'MOV', 'BIC', 'MVN'] as const),
];

/** Comparisons and tests have no D, and always set the flags. */
const FLAGS_ONLY: ReadonlySet<Alu> = new Set(['TST', 'TEQ', 'CMP', 'CMN']);

interface Fields {
  readonly alu: Alu;
  readonly flags: boolean;
  readonly d: number;
  readonly n: number;
}

function fields(word: number): Fields {
  return {
    alu: ALUS[bits(word, 21, 4)]!,
    flags: bit(word, 20),
    d: bits(word, 12, 4),
    n: bits(word, 16, 4),
  };
}

/** SUBS pc, lr and the like return from exceptions, which user mode cannot do. */
function isReturn({ flags, d }: Fields): boolean {
  return flags && d === 15;
}

function immediate(emitter: Emitter, word: number): void {
  const rotation = bits(word, 8, 4) * 2;
  const byte = word & 0xff;
  const value = (byte >>> rotation) | (byte << (32 - rotation));
  const operation = fields(word);
  if (isReturn(operation)) emitter.unpredictable(word);
  else if (rotation === 0) withImmediate(emitter, operation, byte);
  else withImmediate(emitter, operation, value, value < 0);
}

function register(emitter: Emitter, word: number): void {
  const operation = fields(word);
  if (isReturn(operation)) emitter.unpredictable(word);
  else {
    withRegister(emitter, operation, word & 15, {
      type: bits(word, 5, 2),
      amount: bits(word, 7, 5),
    });
  }
}

function shiftedRegister(emitter: Emitter, word: number): void {
  const operation = fields(word);
  const m = word & 15;
  const amount = bits(word, 8, 4);
  if ([operation.d, operation.n, m, amount].includes(15)) emitter.unpredictable(word);
  else withShiftedRegister(emitter, operation, m, bits(word, 5, 2), amount);
}

/** The pattern of the fields S, Rn and Rd; a field that the operation does not have is fixed. */
function operands(alu: Alu): string {
  if (FLAGS_ONLY.has(alu)) return '1 nnnn 0000';
  return alu === 'MOV' || alu === 'MVN' ? 's 0000 dddd' : 's nnnn dddd';
}

const OPERATIONS: readonly Encoding[] = ALUS.flatMap((alu, index) => {
  const code = index.toString(2).padStart(4, '0');
  const rest = operands(alu);
  return [
    {
      name: `${alu} (immediate)`,
      pattern: `cccc 001 ${code} ${rest} rrrr iiiiiiii`,
      decode: immediate,
    },
    {
      name: `${alu} (register)`,
      pattern: `cccc 000 ${code} ${rest} iiiii tt 0 mmmm`,
      decode: register,
    },
    {
      name: `${alu} (register-shifted register)`,
      pattern: `cccc 000 ${code} ${rest} ssss 0 tt 1 mmmm`,
      decode: shiftedRegister,
    },
  ];
});

function immediate16(word: number): number {
  return (bits(word, 16, 4) << 12) | (word & 0xfff);
}

export const DATA_PROCESSING: readonly Encoding[] = [
  {
    name: 'MOVW',
    pattern: 'cccc 00110000 iiii dddd iiiiiiiiiiii',
    decode: (emitter, word) => {
      const d = bits(word, 12, 4);
      if (d === 15) emitter.unpredictable(word);
      else emitter.emit(op.MOV_I, d, 0, 0, immediate16(word));
    },
  },
  {
    name: 'MOVT',
    pattern: 'cccc 00110100 iiii dddd iiiiiiiiiiii',
    decode: (emitter, word) => {
      const d = bits(word, 12, 4);
      if (d === 15) emitter.unpredictable(word);
      else emitter.emit(op.MOVT, d, 0, 0, immediate16(word) << 16);
    },
  },
  ...OPERATIONS,
];
