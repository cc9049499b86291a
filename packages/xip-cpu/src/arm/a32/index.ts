import { ALWAYS, type Emitter } from '../emitter.js';
import { SYSTEM } from '../emit/system.js';
import { EncodingTable, signed, type Encoding } from '../encoding.js';
import * as op from '../operations.js';
import { NEON } from '../neon/index.js';
import { VFP, VFP_UNCONDITIONAL } from '../vfp/index.js';
import { DATA_PROCESSING } from './data-processing.js';
import { LOAD_STORE, SYNCHRONIZATION } from './load-store.js';
import { MEDIA } from './media.js';
import { BRANCH, MISCELLANEOUS } from './miscellaneous.js';
import { MULTIPLY } from './multiply.js';
import { UNCONDITIONAL } from './unconditional.js';

/** B. It is the one instruction whose condition needs no operation of its own. */
const B: Encoding = {
  name: 'B',
  pattern: 'cccc 1010 iiiiiiiiiiiiiiiiiiiiiiii',
  decode: (emitter, word) => {
    const target = (emitter.pcValue + signed(word & 0xffffff, 24) * 4) >>> 0;
    if (word >>> 28 === ALWAYS) emitter.branch(target);
    else emitter.branchIf(word >>> 28, target);
  },
};

export const A32 = new EncodingTable(
  [
    B,
    ...BRANCH.slice(1),
    ...MISCELLANEOUS,
    ...MULTIPLY,
    ...SYNCHRONIZATION,
    ...LOAD_STORE,
    ...MEDIA,
    ...DATA_PROCESSING,
    ...VFP,
    ...SYSTEM,
  ],
  [20, 8],
  [4, 4],
);

export const A32_UNCONDITIONAL = new EncodingTable(
  [...BRANCH.slice(0, 1), ...VFP_UNCONDITIONAL, ...NEON, ...UNCONDITIONAL],
  [20, 8],
  [4, 4],
);

/** Writes the operations of an A32 instruction. */
export function decodeA32(emitter: Emitter, word: number): void {
  const condition = word >>> 28;
  if (condition > ALWAYS) {
    decodeWith(A32_UNCONDITIONAL, emitter, word);
    return;
  }
  const encoding = A32.find(word);
  if (condition === ALWAYS || encoding === B) {
    decodeAs(encoding, emitter, word);
    return;
  }
  const skip = emitter.at;
  emitter.emit(op.SKIP_EQ + condition, 0, 0, 0);
  decodeAs(encoding, emitter, word);
  emitter.patchSkip(skip);
  emitter.ended = false;
}

export function decodeWith(table: EncodingTable, emitter: Emitter, word: number): void {
  decodeAs(table.find(word), emitter, word);
}

function decodeAs(encoding: Encoding | undefined, emitter: Emitter, word: number): void {
  if (encoding?.decode === undefined) emitter.illegal(word, encoding?.name);
  else encoding.decode(emitter, word);
}
