import { LSL } from '../emit/data-processing.js';
import {
  LDR,
  LDRB,
  LDRH,
  LDRSB,
  LDRSH,
  STR,
  STRB,
  STRH,
  countBits,
  loadExclusive,
  storeExclusive,
  transferDouble,
  transferImmediate,
  transferMultiple,
  transferOrdered,
  transferRegister,
  type Transfer,
} from '../emit/load-store.js';
import type { Emitter } from '../emitter.js';
import { bit, bits, type Encoding } from '../encoding.js';
import { NEXT_PC, PC_VALUE, T0 } from '../layout.js';
import * as op from '../operations.js';

type Decode = (emitter: Emitter, word: number) => void;

function registers(word: number): { n: number; t: number; t2: number; m: number } {
  return { n: bits(word, 16, 4), t: bits(word, 12, 4), t2: bits(word, 8, 4), m: word & 15 };
}

function immediate12(transfer: Transfer): Decode {
  return (emitter, word) => {
    const { n, t } = registers(word);
    transferImmediate(emitter, word, transfer, t, n, word & 0xfff);
  };
}

/**
 * Decodes an access with an offset of eight bits. Bits 10 to 8 give before or after, up or down,
 * and write-back.
 */
function immediate8(transfer: Transfer): Decode {
  return (emitter, word) => {
    const { n, t } = registers(word);
    const offset = bit(word, 9) ? word & 0xff : -(word & 0xff);
    const index = bit(word, 10);
    const writeBack = bit(word, 8);
    if (!index && !writeBack) emitter.illegal(word);
    // P and U without W is unprivileged access, which is ordinary access in user mode.
    else transferImmediate(emitter, word, transfer, t, n, offset, { index, writeBack });
  };
}

function register(transfer: Transfer): Decode {
  return (emitter, word) => {
    const { n, t, m } = registers(word);
    const shift = { type: LSL, amount: bits(word, 4, 2) };
    transferRegister(emitter, word, transfer, t, n, m, shift, true);
  };
}

function literal(transfer: Transfer): Decode {
  return (emitter, word) => {
    const offset = bit(word, 23) ? word & 0xfff : -(word & 0xfff);
    transferImmediate(emitter, word, transfer, bits(word, 12, 4), 15, offset);
  };
}

function nothing(): void {
  return undefined;
}

/** Loads of a byte or half to the pc are hints: PLD, PLDW and PLI. */
const HINTS: readonly Encoding[] = [
  { name: 'PLD, PLI (literal)', pattern: '1111100 ou 0w1 1111 1111 iiiiiiiiiiii', decode: nothing },
  {
    name: 'PLD, PLI (immediate)',
    pattern: '1111100 o1 0w1 nnnn 1111 iiiiiiiiiiii',
    decode: nothing,
  },
  {
    name: 'PLD, PLI (negative)',
    pattern: '1111100 o0 0w1 nnnn 1111 1100 iiiiiiii',
    decode: nothing,
  },
  {
    name: 'PLD, PLI (register)',
    pattern: '1111100 o0 0w1 nnnn 1111 000000 ii mmmm',
    decode: nothing,
  },
];

function single(transfer: Transfer, code: string): readonly Encoding[] {
  const { name, load } = transfer;
  // `code` has the bits for sign, size and load; the bit of the form is after the sign.
  const pattern = (form: string): string => `1111100 ${code[0]!}${form} ${code.slice(1)}`;
  return [
    ...(load
      ? [
          {
            name: `${name} (literal)`,
            pattern: `${pattern('u')} 1111 tttt iiiiiiiiiiii`,
            decode: literal(transfer),
          },
        ]
      : []),
    {
      name: `${name} (immediate)`,
      pattern: `${pattern('1')} nnnn tttt iiiiiiiiiiii`,
      decode: immediate12(transfer),
    },
    {
      name: `${name} (immediate, indexed)`,
      pattern: `${pattern('0')} nnnn tttt 1puw iiiiiiii`,
      decode: immediate8(transfer),
    },
    {
      name: `${name} (register)`,
      pattern: `${pattern('0')} nnnn tttt 000000 ii mmmm`,
      decode: register(transfer),
    },
  ];
}

const SINGLE: readonly Encoding[] = [
  ...single(STRB, '0000'),
  ...single(STRH, '0010'),
  ...single(STR, '0100'),
  ...HINTS,
  ...single(LDRB, '0001'),
  ...single(LDRH, '0011'),
  ...single(LDR, '0101'),
  ...single(LDRSB, '1001'),
  ...single(LDRSH, '1011'),
];

function multiple(load: boolean, before: boolean): Decode {
  return (emitter, word) => {
    const list = word & 0xffff;
    const forbidden = (load ? 0x2000 : 0xa000) | (bit(word, 21) ? 1 << bits(word, 16, 4) : 0);
    if ((list & forbidden) !== 0 || (list & 0xc000) === 0xc000 || countBits(list) < 2) {
      emitter.unpredictable(word);
      return;
    }
    const mode = { before, up: !before, writeBack: bit(word, 21) };
    transferMultiple(emitter, word, load, bits(word, 16, 4), list, mode);
  };
}

function double(load: boolean): Decode {
  return (emitter, word) => {
    const { n, t, t2 } = registers(word);
    const offset = (word & 0xff) * (bit(word, 23) ? 4 : -4);
    const how = { index: bit(word, 24), writeBack: bit(word, 21) };
    // With P and W clear the encoding belongs to the exclusive operations.
    if (!how.index && !how.writeBack) emitter.illegal(word);
    else transferDouble(emitter, word, load, t, t2, n, offset, how);
  };
}

function exclusiveLoad(bytes: number): Decode {
  return (emitter, word) => {
    const { n, t, t2 } = registers(word);
    const offset = bytes === 4 && !bit(word, 23) ? (word & 0xff) * 4 : 0;
    loadExclusive(emitter, word, bytes, t, t2, n, offset);
  };
}

/** Decodes an exclusive store. STREX has its result in bits 11 to 8, the others in bits 3 to 0. */
function exclusiveStore(bytes: number): Decode {
  return (emitter, word) => {
    const { n, t, t2, m } = registers(word);
    if (bytes === 4 && !bit(word, 23)) {
      storeExclusive(emitter, word, bytes, t2, t, 0, n, (word & 0xff) * 4);
    } else {
      storeExclusive(emitter, word, bytes, m, t, t2, n);
    }
  };
}

function ordered(transfer: Transfer): Decode {
  return (emitter, word) => {
    const { n, t } = registers(word);
    transferOrdered(emitter, word, transfer, t, n);
  };
}

/** Decodes TBB and TBH: a forward branch by twice the byte or half in a table. */
function tableBranch(emitter: Emitter, word: number): void {
  const { n, m } = registers(word);
  if (m === 13 || m === 15) {
    emitter.unpredictable(word);
    return;
  }
  const isHalf = bit(word, 4);
  const base = emitter.source(n);
  if (isHalf) emitter.emit(op.LDRH_R, T0, base, m, 0, 1);
  else emitter.emit(op.LDRB_R, T0, base, m);
  emitter.constant(PC_VALUE, emitter.pcValue);
  emitter.emit(op.ADD_LSL, NEXT_PC, PC_VALUE, T0, 0, 1);
  emitter.branchRegister(NEXT_PC);
}

const EXCLUSIVE: readonly Encoding[] = [
  { name: 'TBB, TBH', pattern: '11101000 1101 nnnn 1111 0000 000h mmmm', decode: tableBranch },
  { name: 'STREXB', pattern: '11101000 1100 nnnn tttt 1111 0100 dddd', decode: exclusiveStore(1) },
  { name: 'STREXH', pattern: '11101000 1100 nnnn tttt 1111 0101 dddd', decode: exclusiveStore(2) },
  { name: 'STREXD', pattern: '11101000 1100 nnnn tttt uuuu 0111 dddd', decode: exclusiveStore(8) },
  { name: 'STLB', pattern: '11101000 1100 nnnn tttt 1111 1000 1111', decode: ordered(STRB) },
  { name: 'STLH', pattern: '11101000 1100 nnnn tttt 1111 1001 1111', decode: ordered(STRH) },
  { name: 'STL', pattern: '11101000 1100 nnnn tttt 1111 1010 1111', decode: ordered(STR) },
  { name: 'STLEXB', pattern: '11101000 1100 nnnn tttt 1111 1100 dddd', decode: exclusiveStore(1) },
  { name: 'STLEXH', pattern: '11101000 1100 nnnn tttt 1111 1101 dddd', decode: exclusiveStore(2) },
  { name: 'STLEX', pattern: '11101000 1100 nnnn tttt 1111 1110 dddd', decode: exclusiveStore(4) },
  { name: 'STLEXD', pattern: '11101000 1100 nnnn tttt uuuu 1111 dddd', decode: exclusiveStore(8) },
  { name: 'LDREXB', pattern: '11101000 1101 nnnn tttt 1111 0100 1111', decode: exclusiveLoad(1) },
  { name: 'LDREXH', pattern: '11101000 1101 nnnn tttt 1111 0101 1111', decode: exclusiveLoad(2) },
  { name: 'LDREXD', pattern: '11101000 1101 nnnn tttt uuuu 0111 1111', decode: exclusiveLoad(8) },
  { name: 'LDAB', pattern: '11101000 1101 nnnn tttt 1111 1000 1111', decode: ordered(LDRB) },
  { name: 'LDAH', pattern: '11101000 1101 nnnn tttt 1111 1001 1111', decode: ordered(LDRH) },
  { name: 'LDA', pattern: '11101000 1101 nnnn tttt 1111 1010 1111', decode: ordered(LDR) },
  { name: 'LDAEXB', pattern: '11101000 1101 nnnn tttt 1111 1100 1111', decode: exclusiveLoad(1) },
  { name: 'LDAEXH', pattern: '11101000 1101 nnnn tttt 1111 1101 1111', decode: exclusiveLoad(2) },
  { name: 'LDAEX', pattern: '11101000 1101 nnnn tttt 1111 1110 1111', decode: exclusiveLoad(4) },
  { name: 'LDAEXD', pattern: '11101000 1101 nnnn tttt uuuu 1111 1111', decode: exclusiveLoad(8) },
  // TT, TTT, TTA and TTAT of ARMv8-M query the MPU, which Linux does not use.
  { name: 'TT', pattern: '11101000 0100 nnnn 1111 dddd at00 0000' },
  { name: 'STREX', pattern: '11101000 0100 nnnn tttt dddd iiiiiiii', decode: exclusiveStore(4) },
  { name: 'LDREX', pattern: '11101000 0101 nnnn tttt 1111 iiiiiiii', decode: exclusiveLoad(4) },
];

export const LOAD_STORE_32: readonly Encoding[] = [
  ...SINGLE,
  { name: 'STMIA', pattern: '11101000 10w0 nnnn llllllllllllllll', decode: multiple(false, false) },
  { name: 'LDMIA', pattern: '11101000 10w1 nnnn llllllllllllllll', decode: multiple(true, false) },
  { name: 'STMDB', pattern: '11101001 00w0 nnnn llllllllllllllll', decode: multiple(false, true) },
  { name: 'LDMDB', pattern: '11101001 00w1 nnnn llllllllllllllll', decode: multiple(true, true) },
  ...EXCLUSIVE,
  { name: 'STRD', pattern: '1110100 pu1w0 nnnn tttt uuuu iiiiiiii', decode: double(false) },
  { name: 'LDRD', pattern: '1110100 pu1w1 nnnn tttt uuuu iiiiiiii', decode: double(true) },
];
