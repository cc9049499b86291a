import type { Instruction } from '../instruction.js';
import * as op from '../operations.js';

/**
 * Returns the instruction on words and, on RV64, the one on doublewords. @param pattern without its
 * width.
 */
function pair(
  name: string,
  pattern: string,
  word: number,
  double: number,
  extra = 0,
): Instruction[] {
  const form = 'R';
  const onWords = { operation: word, extra };
  const w = pattern.replace('www', '010');
  const d = pattern.replace('www', '011');
  return [
    { name: `${name}.w`, pattern: w, form, rv64: onWords, rv32: onWords },
    { name: `${name}.d`, pattern: d, form, rv64: { operation: double, extra }, rv32: undefined },
  ];
}

function amo(name: string, pattern: string, which: number): Instruction[] {
  return pair(name, pattern, op.AMO_W, op.AMO_D, which);
}

/** The A extension. */
export const ATOMIC: readonly Instruction[] = [
  pair('lr', '00010 aa 00000 sssss www ddddd 0101111', op.LR_W, op.LR_D),
  pair('sc', '00011 aa ttttt sssss www ddddd 0101111', op.SC_W, op.SC_D),
  amo('amoswap', '00001 aa ttttt sssss www ddddd 0101111', op.AMOSWAP),
  amo('amoadd', '00000 aa ttttt sssss www ddddd 0101111', op.AMOADD),
  amo('amoxor', '00100 aa ttttt sssss www ddddd 0101111', op.AMOXOR),
  amo('amoand', '01100 aa ttttt sssss www ddddd 0101111', op.AMOAND),
  amo('amoor', '01000 aa ttttt sssss www ddddd 0101111', op.AMOOR),
  amo('amomin', '10000 aa ttttt sssss www ddddd 0101111', op.AMOMIN),
  amo('amomax', '10100 aa ttttt sssss www ddddd 0101111', op.AMOMAX),
  amo('amominu', '11000 aa ttttt sssss www ddddd 0101111', op.AMOMINU),
  amo('amomaxu', '11100 aa ttttt sssss www ddddd 0101111', op.AMOMAXU),
].flat();
