import {
  LDR,
  LDRB,
  LDRH,
  LDRSB,
  LDRSH,
  STR,
  STRB,
  STRH,
  loadExclusive,
  storeExclusive,
  sumRegisters,
  transferDouble,
  transferImmediate,
  transferMultiple,
  transferOrdered,
  transferRegister,
  type Indexing,
  type Transfer,
} from '../emit/load-store.js';
import { LSL } from '../emit/data-processing.js';
import type { Emitter } from '../emitter.js';
import { bit, bits, type Encoding } from '../encoding.js';
import { T0 } from '../layout.js';
import * as op from '../operations.js';

type Decode = (emitter: Emitter, word: number) => void;

const NO_SHIFT = { type: LSL, amount: 0 };

/**
 * Returns the indexing that P and W ask for. Unprivileged access (P clear, W set) is ordinary
 * access in user mode.
 */
function indexing(word: number): Indexing {
  const index = bit(word, 24);
  return { index, writeBack: !index || bit(word, 21) };
}

function registers(word: number): { n: number; t: number; m: number } {
  return { n: bits(word, 16, 4), t: bits(word, 12, 4), m: word & 15 };
}

function up(word: number): boolean {
  return bit(word, 23);
}

/** Decodes an access with an immediate offset of 12 bits. */
function immediate12(transfer: Transfer): Decode {
  return (emitter, word) => {
    const { n, t } = registers(word);
    const offset = up(word) ? word & 0xfff : -(word & 0xfff);
    transferImmediate(emitter, word, transfer, t, n, offset, indexing(word));
  };
}

function shifted(transfer: Transfer): Decode {
  return (emitter, word) => {
    const { n, t, m } = registers(word);
    const shift = { type: bits(word, 5, 2), amount: bits(word, 7, 5) };
    transferRegister(emitter, word, transfer, t, n, m, shift, up(word), indexing(word));
  };
}

function offset8(word: number): number {
  const offset = (bits(word, 8, 4) << 4) | (word & 15);
  return up(word) ? offset : -offset;
}

/**
 * Decodes an access with an immediate of 8 bits in two parts or, if bit 22 is clear, a register.
 */
function extra(transfer: Transfer): Decode {
  return (emitter, word) => {
    const { n, t, m } = registers(word);
    if (bit(word, 22)) {
      transferImmediate(emitter, word, transfer, t, n, offset8(word), indexing(word));
    } else if (bits(word, 8, 4) !== 0) {
      emitter.unpredictable(word);
    } else {
      transferRegister(emitter, word, transfer, t, n, m, NO_SHIFT, up(word), indexing(word));
    }
  };
}

function double(load: boolean): Decode {
  return (emitter, word) => {
    const { n, t, m } = registers(word);
    const how = indexing(word);
    if ((t & 1) !== 0 || (!how.index && bit(word, 21))) {
      emitter.unpredictable(word);
    } else if (bit(word, 22)) {
      transferDouble(emitter, word, load, t, t + 1, n, offset8(word), how);
    } else {
      doubleByRegister(emitter, word, load, { n, t, m }, how);
    }
  };
}

function doubleByRegister(
  emitter: Emitter,
  word: number,
  load: boolean,
  { n, t, m }: { n: number; t: number; m: number },
  { index, writeBack }: Indexing,
): void {
  const wrong = load && (m === t || m === t + 1);
  const wrongBase = writeBack && (n === t || n === t + 1);
  if (m === 15 || n === 15 || t === 14 || wrong || wrongBase || bits(word, 8, 4) !== 0) {
    emitter.unpredictable(word);
    return;
  }
  sumRegisters(emitter, n, m, NO_SHIFT, up(word));
  emitter.emit(load ? op.LDRD : op.STRD, t, index ? T0 : n, 0, 0, 0, t + 1);
  if (writeBack) emitter.emit(op.MOV_R, n, 0, T0);
}

export const LOAD_STORE: readonly Encoding[] = [
  {
    name: 'STR (immediate)',
    pattern: 'cccc 010pu0w0 nnnn tttt iiiiiiiiiiii',
    decode: immediate12(STR),
  },
  {
    name: 'LDR (immediate)',
    pattern: 'cccc 010pu0w1 nnnn tttt iiiiiiiiiiii',
    decode: immediate12(LDR),
  },
  {
    name: 'STRB (immediate)',
    pattern: 'cccc 010pu1w0 nnnn tttt iiiiiiiiiiii',
    decode: immediate12(STRB),
  },
  {
    name: 'LDRB (immediate)',
    pattern: 'cccc 010pu1w1 nnnn tttt iiiiiiiiiiii',
    decode: immediate12(LDRB),
  },
  {
    name: 'STR (register)',
    pattern: 'cccc 011pu0w0 nnnn tttt iiiii tt0 mmmm',
    decode: shifted(STR),
  },
  {
    name: 'LDR (register)',
    pattern: 'cccc 011pu0w1 nnnn tttt iiiii tt0 mmmm',
    decode: shifted(LDR),
  },
  {
    name: 'STRB (register)',
    pattern: 'cccc 011pu1w0 nnnn tttt iiiii tt0 mmmm',
    decode: shifted(STRB),
  },
  {
    name: 'LDRB (register)',
    pattern: 'cccc 011pu1w1 nnnn tttt iiiii tt0 mmmm',
    decode: shifted(LDRB),
  },
  { name: 'STRH', pattern: 'cccc 000puiw0 nnnn tttt iiii 1011 mmmm', decode: extra(STRH) },
  { name: 'LDRH', pattern: 'cccc 000puiw1 nnnn tttt iiii 1011 mmmm', decode: extra(LDRH) },
  { name: 'LDRSB', pattern: 'cccc 000puiw1 nnnn tttt iiii 1101 mmmm', decode: extra(LDRSB) },
  { name: 'LDRSH', pattern: 'cccc 000puiw1 nnnn tttt iiii 1111 mmmm', decode: extra(LDRSH) },
  { name: 'LDRD', pattern: 'cccc 000puiw0 nnnn tttt iiii 1101 mmmm', decode: double(true) },
  { name: 'STRD', pattern: 'cccc 000puiw0 nnnn tttt iiii 1111 mmmm', decode: double(false) },
  { name: 'STM', pattern: 'cccc 100pu0w0 nnnn llllllllllllllll', decode: multiple(false) },
  { name: 'LDM', pattern: 'cccc 100pu0w1 nnnn llllllllllllllll', decode: multiple(true) },
];

function multiple(load: boolean): Decode {
  return (emitter, word) => {
    transferMultiple(emitter, word, load, bits(word, 16, 4), word & 0xffff, {
      before: bit(word, 24),
      up: up(word),
      writeBack: bit(word, 21),
    });
  };
}

/** Sizes in bytes of exclusive accesses, by bits 22 and 21. */
const SIZES = [4, 8, 1, 2];

function size(word: number): number {
  return SIZES[bits(word, 21, 2)]!;
}

const ACQUIRE = [LDR, undefined, LDRB, LDRH];
const RELEASE = [STR, undefined, STRB, STRH];

function ordered(transfers: readonly (Transfer | undefined)[], t: number): Decode {
  return (emitter, word) => {
    const transfer = transfers[bits(word, 21, 2)];
    if (transfer === undefined) emitter.illegal(word);
    else transferOrdered(emitter, word, transfer, bits(word, t, 4), bits(word, 16, 4));
  };
}

export const SYNCHRONIZATION: readonly Encoding[] = [
  {
    name: 'STREX, STREXD, STREXB, STREXH, STLEX',
    pattern: 'cccc 00011ss0 nnnn dddd 111q 1001 tttt',
    decode: (emitter, word) => {
      const t = word & 15;
      const n = bits(word, 16, 4);
      if (size(word) === 8 && (t & 1) !== 0) emitter.unpredictable(word);
      else storeExclusive(emitter, word, size(word), bits(word, 12, 4), t, t + 1, n);
    },
  },
  {
    name: 'LDREX, LDREXD, LDREXB, LDREXH, LDAEX',
    pattern: 'cccc 00011ss1 nnnn tttt 111q 1001 1111',
    decode: (emitter, word) => {
      const t = bits(word, 12, 4);
      if (size(word) === 8 && (t & 1) !== 0) emitter.unpredictable(word);
      else loadExclusive(emitter, word, size(word), t, t + 1, bits(word, 16, 4));
    },
  },
  { name: 'STL', pattern: 'cccc 00011ss0 nnnn 1111 1100 1001 tttt', decode: ordered(RELEASE, 0) },
  { name: 'LDA', pattern: 'cccc 00011ss1 nnnn tttt 1100 1001 1111', decode: ordered(ACQUIRE, 12) },
];
