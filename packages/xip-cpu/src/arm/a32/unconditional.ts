import type { Emitter } from '../emitter.js';
import type { Encoding } from '../encoding.js';
import * as op from '../operations.js';

/**
 * Decodes barriers and hints. They do nothing here: the processor executes in order, and has no
 * cache.
 */
function nothing(): void {
  return undefined;
}

function clearExclusive(emitter: Emitter): void {
  emitter.emit(op.CLREX, 0, 0, 0);
}

/** Instructions with condition 1111, except BLX and Advanced SIMD. */
export const UNCONDITIONAL: readonly Encoding[] = [
  { name: 'CLREX', pattern: '1111 01010111 1111 1111 0000 0001 1111', decode: clearExclusive },
  { name: 'DSB', pattern: '1111 01010111 1111 1111 0000 0100 oooo', decode: nothing },
  { name: 'DMB', pattern: '1111 01010111 1111 1111 0000 0101 oooo', decode: nothing },
  { name: 'ISB', pattern: '1111 01010111 1111 1111 0000 0110 oooo', decode: nothing },
  { name: 'PLD (immediate)', pattern: '1111 0101ur01 nnnn 1111 iiiiiiiiiiii', decode: nothing },
  { name: 'PLI (immediate)', pattern: '1111 0100u101 nnnn 1111 iiiiiiiiiiii', decode: nothing },
  { name: 'PLD (register)', pattern: '1111 0111ur01 nnnn 1111 iiiii tt0 mmmm', decode: nothing },
  { name: 'PLI (register)', pattern: '1111 0110u101 nnnn 1111 iiiii tt0 mmmm', decode: nothing },
  { name: 'SETEND', pattern: '1111 00010000 0001 0000 00e0 0000 0000' },
  { name: 'CPS', pattern: '1111 00010000 iim0 0000 000a iif0 mmmm' },
  { name: 'SRS', pattern: '1111 100pu1w0 1101 0000 0101 000m mmmm' },
  { name: 'RFE', pattern: '1111 100pu0w1 nnnn 0000 1010 0000 0000' },
];
