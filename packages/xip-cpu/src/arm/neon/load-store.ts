import type { Emitter } from '../emitter.js';
import { bit, bits, type Encoding } from '../encoding.js';
import * as op from '../operations.js';
import { vectorD } from './registers.js';

type Decode = (emitter: Emitter, word: number) => void;

/**
 * By bits 11 to 8: the elements of a structure, the distance of their registers, the registers of
 * each.
 */
const TYPES: Readonly<Record<number, readonly [number, number, number]>> = {
  0b0000: [4, 1, 1],
  0b0001: [4, 2, 1],
  0b0010: [1, 1, 4],
  0b0011: [2, 2, 2],
  0b0100: [3, 1, 1],
  0b0101: [3, 2, 1],
  0b0110: [1, 1, 3],
  0b0111: [1, 1, 1],
  0b1000: [2, 1, 1],
  0b1001: [2, 2, 1],
  0b1010: [1, 1, 2],
};

interface Structure {
  readonly count: number;
  readonly distance: number;
  /** The number of registers of each element, or the lane. */
  readonly field: number;
  readonly size: number;
  /** The alignment, as a power of two. */
  readonly alignment: number;
}

function emitStructure(
  emitter: Emitter,
  word: number,
  number: number,
  { count, distance, field, size, alignment }: Structure,
): void {
  const n = bits(word, 16, 4);
  const m = word & 15;
  const how = m === 15 ? 0 : m === 13 ? 1 : 2;
  if (n === 15) {
    emitter.unpredictable(word);
    return;
  }
  const second = count | (distance << 4) | (field << 8) | (alignment << 12);
  const offset = how === 2 ? m << 2 : 0;
  emitter.write(number, vectorD(word), n << 2, offset, how, size, 0, second);
}

function multiple(number: number): Decode {
  return (emitter, word) => {
    const type = TYPES[bits(word, 8, 4)];
    const align = bits(word, 4, 2);
    const size = bits(word, 6, 2);
    if (type === undefined || (type[0] !== 1 && size === 3)) {
      emitter.illegal(word);
      return;
    }
    const [count, distance, field] = type;
    // An alignment above the size of the structure is not defined.
    const tooFar = align > 1 && (field === 1 && count === 1 ? true : field === 3 || count === 3);
    const last = vectorD(word) + (count - 1) * distance + field - 1;
    const wrongAlign =
      tooFar || (align === 3 && ((field === 2 && count === 1) || (count === 2 && field === 1)));
    if (wrongAlign) emitter.illegal(word);
    else if (last > 31) emitter.unpredictable(word);
    else {
      const alignment = align === 0 ? 0 : align + 2;
      emitStructure(emitter, word, number, { count, distance, field, size, alignment });
    }
  };
}

/** Decodes index_align: lane, distance and alignment, in bits 7 to 4. */
function oneLane(number: number): Decode {
  return (emitter, word) => {
    const size = bits(word, 10, 2);
    const count = bits(word, 8, 2) + 1;
    const field = bits(word, 4, 4);
    const lane = field >> (size + 1);
    const distance = size === 0 || count === 1 ? 1 : ((field >> size) & 1) + 1;
    const alignment = laneAlignment(count, size, field);
    if (size === 3) emitter.illegal(word);
    else if (alignment === undefined) emitter.illegal(word);
    else if (vectorD(word) + (count - 1) * distance > 31) emitter.unpredictable(word);
    else emitStructure(emitter, word, number, { count, distance, field: lane, size, alignment });
  };
}

function laneAlignment(count: number, size: number, field: number): number | undefined {
  const low = field & 3;
  switch (count) {
    case 1:
      if (size === 0) return (field & 1) === 0 ? 0 : undefined;
      if (size === 1) return (field & 2) === 0 ? (field & 1 ? 1 : 0) : undefined;
      if ((field & 4) !== 0 || (low !== 0 && low !== 3)) return undefined;
      return low === 0 ? 0 : 2;
    case 2:
      if (size === 2 && (field & 2) !== 0) return undefined;
      return (field & 1) === 0 ? 0 : size + 1;
    case 3:
      return (size === 2 ? low : field & 1) === 0 ? 0 : undefined;
    default:
      if (size < 2) return (field & 1) === 0 ? 0 : size + 2;
      return low === 3 ? undefined : low === 0 ? 0 : low + 2;
  }
}

function allLanes(emitter: Emitter, word: number): void {
  const size = bits(word, 6, 2);
  const count = bits(word, 8, 2) + 1;
  const two = bit(word, 5);
  const aligned = bit(word, 4);
  const elementSize = size === 3 ? 2 : size;
  const wrongSize = size === 3 && !(count === 4 && aligned);
  if (wrongSize || (aligned && (count === 3 || (count === 1 && size === 0)))) {
    emitter.illegal(word);
    return;
  }
  const distance = count > 1 && two ? 2 : 1;
  const field = count === 1 && two ? 2 : 1;
  const last = vectorD(word) + (count - 1) * distance + field - 1;
  const whole =
    count === 1 ? size : count === 2 ? size + 1 : size === 3 ? 4 : size === 2 ? 3 : size + 2;
  const alignment = aligned ? whole : 0;
  if (last > 31) emitter.unpredictable(word);
  else {
    const structure = { count, distance, field, size: elementSize, alignment };
    emitStructure(emitter, word, op.VLD_ALL, structure);
  }
}

export const ELEMENTS: readonly Encoding[] = [
  {
    name: 'VST1 to VST4 (multiple)',
    pattern: '11110100 0D00 nnnn dddd tttt ss aa mmmm',
    decode: multiple(op.VST_MULTIPLE),
  },
  {
    name: 'VLD1 to VLD4 (multiple)',
    pattern: '11110100 0D10 nnnn dddd tttt ss aa mmmm',
    decode: multiple(op.VLD_MULTIPLE),
  },
  {
    name: 'VLD1 to VLD4 (all lanes)',
    pattern: '11110100 1D10 nnnn dddd 11cc ss ta mmmm',
    decode: allLanes,
  },
  {
    name: 'VST1 to VST4 (one lane)',
    pattern: '11110100 1D00 nnnn dddd sscc iiii mmmm',
    decode: oneLane(op.VST_LANE),
  },
  {
    name: 'VLD1 to VLD4 (one lane)',
    pattern: '11110100 1D10 nnnn dddd sscc iiii mmmm',
    decode: oneLane(op.VLD_LANE),
  },
];
