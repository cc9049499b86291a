import type { Emitter } from '../emitter.js';
import { bits, type Encoding } from '../encoding.js';
import * as op from '../operations.js';

function reads(which: number): (emitter: Emitter, word: number) => void {
  return (emitter, word) => {
    const t = bits(word, 12, 4);
    if (t === 15) emitter.unpredictable(word);
    else emitter.emit(op.TPIDR_READ, t, 0, 0, 0, which);
  };
}

/**
 * Instructions of coprocessor 15 and of coprocessors that do not exist here. T32 has the same ones
 * with condition 1110.
 */
export const SYSTEM: readonly Encoding[] = [
  { name: 'MRC TPIDRURO', pattern: 'cccc 1110 0001 1101 tttt 1111 0111 0000', decode: reads(0) },
  { name: 'MRC TPIDRURW', pattern: 'cccc 1110 0001 1101 tttt 1111 0101 0000', decode: reads(1) },
  {
    name: 'MCR TPIDRURW',
    pattern: 'cccc 1110 0000 1101 tttt 1111 0101 0000',
    decode: (emitter, word) => {
      const t = bits(word, 12, 4);
      if (t === 15) emitter.unpredictable(word);
      else emitter.emit(op.TPIDR_WRITE, t, 0, 0);
    },
  },
  {
    name: 'MCR CP15ISB',
    pattern: 'cccc 1110 0000 0111 tttt 1111 1001 0101',
    decode: () => undefined,
  },
  {
    name: 'MCR CP15DSB, CP15DMB',
    pattern: 'cccc 1110 0000 0111 tttt 1111 10x1 1010',
    decode: () => undefined,
  },
  { name: 'MCR, MRC', pattern: 'cccc 1110 ooo x nnnn tttt pppp ooo1 mmmm' },
  { name: 'CDP', pattern: 'cccc 1110 oooo nnnn dddd pppp ooo0 mmmm' },
  { name: 'MCRR, MRRC', pattern: 'cccc 1100 010x nnnn tttt pppp oooo mmmm' },
  { name: 'LDC, STC', pattern: 'cccc 110p udwx nnnn dddd pppp iiiiiiii' },
];
