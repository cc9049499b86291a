import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { equalBytes, isZero } from './bytes.js';

/** The same bytes at another address: `shift` bytes into a larger buffer. */
function shifted(bytes: Uint8Array, shift: number): Uint8Array {
  const buffer = new Uint8Array(shift + bytes.length + 3).fill(0xee);
  buffer.set(bytes, shift);
  return buffer.subarray(shift, shift + bytes.length);
}

const shifts = fc.nat({ max: 7 });

describe('equalBytes', () => {
  test('does not depend on where the bytes stand', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), shifts, shifts, (bytes, a, b) => {
        expect(equalBytes(shifted(bytes, a), shifted(bytes, b))).toBe(true);
      }),
    );
  });

  test('sees one changed byte, wherever it is', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.nat(),
        shifts,
        shifts,
        (bytes, position, a, b) => {
          const changed = bytes.slice();
          changed[position % bytes.length]! ^= 0x80;
          expect(equalBytes(shifted(bytes, a), shifted(changed, b))).toBe(false);
        },
      ),
    );
  });

  test('of different lengths', () => {
    expect(equalBytes(new Uint8Array(4), new Uint8Array(5))).toBe(false);
    expect(equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true);
  });
});

describe('isZero', () => {
  test('all, none, or the last byte', () => {
    expect(isZero(new Uint8Array(4096))).toBe(true);
    expect(isZero(new Uint8Array(0))).toBe(true);
    const last = new Uint8Array(4096);
    last[4095] = 1;
    expect(isZero(last)).toBe(false);
  });

  test('does not depend on where the bytes stand', () => {
    fc.assert(
      fc.property(fc.nat({ max: 20 }), fc.nat({ max: 19 }), shifts, (length, at, shift) => {
        const zeros = new Uint8Array(length);
        expect(isZero(shifted(zeros, shift))).toBe(true);
        if (at >= length) return;
        zeros[at] = 0x80;
        expect(isZero(shifted(zeros, shift))).toBe(false);
      }),
    );
  });
});
