import { ALWAYS, type Emitter } from '../emitter.js';
import { SYSTEM } from '../emit/system.js';
import { EncodingTable, type Encoding } from '../encoding.js';
import { NEON } from '../neon/index.js';
import * as op from '../operations.js';
import { VFP, VFP_UNCONDITIONAL } from '../vfp/index.js';
import { BRANCH_16 } from './branch-16.js';
import { BRANCH_32 } from './branch.js';
import { DATA_PROCESSING_16 } from './data-processing-16.js';
import { DATA_PROCESSING_32 } from './data-processing.js';
import { LOAD_STORE_16 } from './load-store-16.js';
import { LOAD_STORE_32 } from './load-store.js';
import { MULTIPLY_32, REGISTER_32 } from './register.js';

const IT: Encoding = {
  name: 'IT',
  always: true,
  pattern: '1011 1111 cccc mmmm',
  decode: (emitter, word) => {
    const it = word & 0xff;
    const alternates = (it & 15) !== 8;
    // "Never" is not a condition of IT, and "always" has no opposite.
    if (
      emitter.conditional ||
      it >>> 4 === 15 ||
      (it >>> 4 === ALWAYS && alternates && !isAllThen(it))
    ) {
      emitter.unpredictable(word);
    } else {
      emitter.it = it;
    }
  },
};

/** Whether all instructions of an IT block have the same condition. */
function isAllThen(it: number): boolean {
  const mask = it & 15;
  return (mask & (mask - 1)) === 0;
}

export const T32_16 = new EncodingTable(
  [...DATA_PROCESSING_16, ...LOAD_STORE_16, ...BRANCH_16, IT],
  [6, 10],
);

export const T32_32 = new EncodingTable(
  [...DATA_PROCESSING_32, ...LOAD_STORE_32, ...REGISTER_32, ...MULTIPLY_32, ...BRANCH_32],
  [20, 9],
  [15, 1],
);

/** Instructions whose bits are the same in A32 with the condition "always". */
export const T32_COPROCESSOR = new EncodingTable([...VFP, ...SYSTEM], [20, 8], [4, 4]);

/** Instructions that have no condition in A32. Only the bits of Advanced SIMD differ. */
export const T32_UNCONDITIONAL = new EncodingTable(
  [...VFP_UNCONDITIONAL, ...NEON],
  [20, 8],
  [4, 4],
);

/** Whether a halfword is the first of a 32-bit instruction. */
export function isWide(half: number): boolean {
  return half >= 0xe800;
}

/** Returns the next ITSTATE, as ITAdvance(). */
export function advanceIt(it: number): number {
  return (it & 7) === 0 ? 0 : (it & 0xe0) | ((it << 1) & 0x1f);
}

/**
 * Writes the operations of a T32 instruction: 16 bits, or 32 bits with the first halfword in the
 * upper half. `emitter.it` is ITSTATE, and afterwards ITSTATE of the next instruction.
 */
export function decodeT32(emitter: Emitter, word: number): void {
  const { it } = emitter;
  emitter.conditional = it !== 0;
  const { encoding, bits } = find(emitter.size === 2, word);
  const condition = it === 0 || encoding?.always === true ? ALWAYS : it >>> 4;
  const skip = emitter.at;
  if (condition < ALWAYS) emitter.emit(op.SKIP_EQ + condition, 0, 0, 0);
  if (encoding?.decode === undefined) emitter.illegal(word, encoding?.name);
  else encoding.decode(emitter, bits);
  if (condition < ALWAYS) {
    emitter.patchSkip(skip);
    emitter.ended = false;
  }
  if (it !== 0) emitter.it = advanceIt(it);
}

/** Returns the encoding, and the instruction's bits as its table has them. */
function find(isShort: boolean, word: number): { encoding: Encoding | undefined; bits: number } {
  if (isShort) return { encoding: T32_16.find(word), bits: word };
  if ((word & 0xef000000) >>> 0 === 0xef000000) {
    // Advanced SIMD has U in bit 28 here, in A32 in bit 24.
    const bits = 0xf2000000 | ((word >>> 4) & 0x01000000) | (word & 0x00ffffff);
    return { encoding: T32_UNCONDITIONAL.find(bits), bits };
  }
  if ((word & 0xff100000) >>> 0 === 0xf9000000) {
    const bits = 0xf4000000 | (word & 0x00ffffff);
    return { encoding: T32_UNCONDITIONAL.find(bits), bits };
  }
  if ((word & 0x0c000000) === 0x0c000000 && word >>> 28 === 14) {
    return { encoding: T32_COPROCESSOR.find(word), bits: word };
  }
  if ((word & 0xfc000000) >>> 0 === 0xfc000000) {
    return { encoding: T32_UNCONDITIONAL.find(word), bits: word };
  }
  return { encoding: T32_32.find(word), bits: word };
}
