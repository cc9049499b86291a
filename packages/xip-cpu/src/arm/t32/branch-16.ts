import { callRegister } from '../a32/miscellaneous.js';
import type { Emitter } from '../emitter.js';
import { bit, bits, signed, type Encoding } from '../encoding.js';
import * as op from '../operations.js';

type Decode = (emitter: Emitter, word: number) => void;

function stop(number: number): Decode {
  return (emitter) => {
    emitter.emit(number, 0, 0, 0);
    emitter.ended = true;
  };
}

function compareAndBranch(emitter: Emitter, word: number): void {
  if (emitter.conditional) {
    emitter.unpredictable(word);
    return;
  }
  const offset = (bits(word, 9, 1) << 6) | (bits(word, 3, 5) << 1);
  emitter.branchIfZero(word & 7, !bit(word, 11), (emitter.pcValue + offset) | 1);
}

export const BRANCH_16: readonly Encoding[] = [
  {
    name: 'BX',
    pattern: '010001 110 mmmm 000',
    decode: (emitter, word) => {
      emitter.exchange(emitter.source(bits(word, 3, 4)));
    },
  },
  {
    name: 'BLX (register)',
    pattern: '010001 111 mmmm 000',
    decode: (emitter, word) => {
      callRegister(emitter, word, bits(word, 3, 4), (emitter.pc + 2) | 1);
    },
  },
  { name: 'CBZ, CBNZ', pattern: '1011 o0i1 iiiii nnn', decode: compareAndBranch, always: true },
  { name: 'BKPT', pattern: '1011 1110 iiiiiiii', decode: stop(op.BKPT), always: true },
  { name: 'NOP, YIELD, WFE, WFI, SEV', pattern: '1011 1111 hhhh 0000', decode: () => undefined },
  { name: 'SETEND', pattern: '1011 0110 010 1 e 000' },
  { name: 'CPS', pattern: '1011 0110 011 m 0 aif' },
  {
    name: 'UDF',
    pattern: '1101 1110 iiiiiiii',
    decode: (emitter, word) => {
      emitter.illegal(word);
    },
  },
  { name: 'SVC', pattern: '1101 1111 iiiiiiii', decode: stop(op.SVC) },
  {
    name: 'B (conditional)',
    always: true,
    pattern: '1101 cccc iiiiiiii',
    decode: (emitter, word) => {
      const target = (emitter.pcValue + signed(word & 0xff, 8) * 2) | 1;
      if (emitter.conditional) emitter.unpredictable(word);
      else emitter.branchIf(bits(word, 8, 4), target >>> 0);
    },
  },
  {
    name: 'B',
    pattern: '11100 iiiiiiiiiii',
    decode: (emitter, word) => {
      emitter.branch(((emitter.pcValue + signed(word & 0x7ff, 11) * 2) | 1) >>> 0);
    },
  },
];
