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
  transferImmediate,
  transferMultiple,
  transferRegister,
  type Transfer,
} from '../emit/load-store.js';
import type { Emitter } from '../emitter.js';
import { bits, type Encoding } from '../encoding.js';

type Decode = (emitter: Emitter, word: number) => void;

const NO_SHIFT = { type: LSL, amount: 0 };

function register(transfer: Transfer): Decode {
  return (emitter, word) => {
    const n = bits(word, 3, 3);
    transferRegister(emitter, word, transfer, word & 7, n, bits(word, 6, 3), NO_SHIFT, true);
  };
}

/** Decodes an access with an offset of five bits, in units of `scale` bytes. */
function immediate5(transfer: Transfer, scale: number): Decode {
  return (emitter, word) => {
    const offset = bits(word, 6, 5) * scale;
    transferImmediate(emitter, word, transfer, word & 7, bits(word, 3, 3), offset);
  };
}

/** Decodes an access at sp or pc plus eight bits, in words. */
function immediate8(transfer: Transfer, n: number): Decode {
  return (emitter, word) => {
    transferImmediate(emitter, word, transfer, bits(word, 8, 3), n, (word & 0xff) * 4);
  };
}

function multiple(load: boolean): Decode {
  return (emitter, word) => {
    const n = bits(word, 8, 3);
    const list = word & 0xff;
    const writeBack = !load || (list & (1 << n)) === 0;
    transferMultiple(emitter, word, load, n, list, { before: false, up: true, writeBack });
  };
}

export const LOAD_STORE_16: readonly Encoding[] = [
  { name: 'LDR (literal)', pattern: '01001 ttt iiiiiiii', decode: immediate8(LDR, 15) },
  { name: 'STR (register)', pattern: '0101 000 mmm nnn ttt', decode: register(STR) },
  { name: 'STRH (register)', pattern: '0101 001 mmm nnn ttt', decode: register(STRH) },
  { name: 'STRB (register)', pattern: '0101 010 mmm nnn ttt', decode: register(STRB) },
  { name: 'LDRSB (register)', pattern: '0101 011 mmm nnn ttt', decode: register(LDRSB) },
  { name: 'LDR (register)', pattern: '0101 100 mmm nnn ttt', decode: register(LDR) },
  { name: 'LDRH (register)', pattern: '0101 101 mmm nnn ttt', decode: register(LDRH) },
  { name: 'LDRB (register)', pattern: '0101 110 mmm nnn ttt', decode: register(LDRB) },
  { name: 'LDRSH (register)', pattern: '0101 111 mmm nnn ttt', decode: register(LDRSH) },
  { name: 'STR (immediate)', pattern: '0110 0 iiiii nnn ttt', decode: immediate5(STR, 4) },
  { name: 'LDR (immediate)', pattern: '0110 1 iiiii nnn ttt', decode: immediate5(LDR, 4) },
  { name: 'STRB (immediate)', pattern: '0111 0 iiiii nnn ttt', decode: immediate5(STRB, 1) },
  { name: 'LDRB (immediate)', pattern: '0111 1 iiiii nnn ttt', decode: immediate5(LDRB, 1) },
  { name: 'STRH (immediate)', pattern: '1000 0 iiiii nnn ttt', decode: immediate5(STRH, 2) },
  { name: 'LDRH (immediate)', pattern: '1000 1 iiiii nnn ttt', decode: immediate5(LDRH, 2) },
  { name: 'STR (SP)', pattern: '1001 0 ttt iiiiiiii', decode: immediate8(STR, 13) },
  { name: 'LDR (SP)', pattern: '1001 1 ttt iiiiiiii', decode: immediate8(LDR, 13) },
  {
    name: 'PUSH',
    pattern: '1011 010 m llllllll',
    decode: (emitter, word) => {
      const list = (word & 0xff) | (bits(word, 8, 1) << 14);
      transferMultiple(emitter, word, false, 13, list, {
        before: true,
        up: false,
        writeBack: true,
      });
    },
  },
  {
    name: 'POP',
    pattern: '1011 110 p llllllll',
    decode: (emitter, word) => {
      const list = (word & 0xff) | (bits(word, 8, 1) << 15);
      transferMultiple(emitter, word, true, 13, list, { before: false, up: true, writeBack: true });
    },
  },
  { name: 'STM', pattern: '1100 0 nnn llllllll', decode: multiple(false) },
  { name: 'LDM', pattern: '1100 1 nnn llllllll', decode: multiple(true) },
];
