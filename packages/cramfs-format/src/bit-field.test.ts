import { describe, expect, test } from 'vitest';
import { packWord, unpackWord, type BitFieldWord } from './bit-field.js';

const FIELDS = [
  ['low', 4],
  ['middle', 20],
  ['high', 8],
] as const satisfies BitFieldWord<string>;

type Name = (typeof FIELDS)[number][0];

function unpack(word: number, endianness: 'little' | 'big'): Record<Name, number> {
  const values = { low: -1, middle: -1, high: -1 };
  unpackWord(word, FIELDS, endianness, values);
  return values;
}

describe('bit-fields of a word', () => {
  test('little-endian compilers fill from the least significant bit', () => {
    expect(unpack(0x89abcdef, 'little')).toEqual({ low: 0xf, middle: 0xabcde, high: 0x89 });
    expect(packWord({ low: 0xf, middle: 0xabcde, high: 0x89 }, FIELDS, 'little')).toBe(0x89abcdef);
  });

  test('big-endian compilers fill from the most significant bit', () => {
    expect(unpack(0x89abcdef, 'big')).toEqual({ low: 0x8, middle: 0x9abcd, high: 0xef });
    expect(packWord({ low: 0x8, middle: 0x9abcd, high: 0xef }, FIELDS, 'big')).toBe(0x89abcdef);
  });

  test('the largest values fill all 32 bits', () => {
    const most = { low: 0xf, middle: 0xfffff, high: 0xff };
    expect(packWord(most, FIELDS, 'little')).toBe(0xffffffff);
    expect(packWord(most, FIELDS, 'big')).toBe(0xffffffff);
    expect(unpack(0xffffffff, 'little')).toEqual(most);
  });

  test.each([16, -1, 0.5, NaN])('a value that does not fit is refused: %d', (low) => {
    expect(() => packWord({ low, middle: 0, high: 0 }, FIELDS, 'little')).toThrow(RangeError);
  });
});
