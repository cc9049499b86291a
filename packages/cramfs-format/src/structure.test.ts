import { describe, expect, test } from 'vitest';
import {
  U16,
  U32,
  U8,
  WORD32,
  WORD64,
  bytesField,
  decodeStructure,
  encodeFields,
  structure,
  textField,
} from './structure.js';

const EXAMPLE = structure('struct example', {
  kind: U8,
  level: U8,
  flags: U16,
  size: U32,
  narrow: WORD32,
  wide: WORD64,
  label: textField(4),
  tail: bytesField(3),
});

// Written by hand: an unrelated byte, then the fields one after the other.
const LITTLE = Uint8Array.of(
  ...[0xee, 1, 2, 0x34, 0x12, 0x78, 0x56, 0x34, 0xf2],
  ...[0xff, 0xff, 0xff, 0xff, 8, 7, 6, 5, 4, 3, 2, 0x81],
  ...[0x61, 0xe9, 0, 0x62, 7, 8, 9],
);

test('fields follow one another without padding', () => {
  expect(EXAMPLE.size).toBe(27);
  expect(EXAMPLE.at).toEqual({
    ...{ kind: 0, level: 1, flags: 2, size: 4, narrow: 8, wide: 12, label: 20, tail: 24 },
  });
});

describe('decoding', () => {
  const view = new DataView(LITTLE.buffer);

  test('numbers are unsigned, words bigints, a text ends at its first zero', () => {
    expect(decodeStructure(EXAMPLE, view, 1, true)).toEqual({
      ...{ kind: 1, level: 2, flags: 0x1234, size: 0xf2345678 },
      ...{ narrow: 0xffffffffn, wide: 0x8102030405060708n },
      ...{ label: 'a\xe9', tail: Uint8Array.of(7, 8, 9) },
    });
  });

  test('in the other byte order', () => {
    const { flags, size, wide } = decodeStructure(EXAMPLE, view, 1, false);
    expect([flags, size, wide]).toEqual([0x3412, 0x785634f2, 0x0807060504030281n]);
  });
});

test('encoding changes the given fields, and no other byte', () => {
  const bytes = new Uint8Array(29).fill(0xee);
  encodeFields(
    EXAMPLE,
    new DataView(bytes.buffer),
    1,
    { size: -2, flags: 0x10203, level: 9, label: 'abcdef' },
    false,
  );
  const expected = new Uint8Array(29).fill(0xee);
  expected.set([9, 2, 3, 0xff, 0xff, 0xff, 0xfe], 1 + 1);
  expected.set([0x61, 0x62, 0x63, 0x64], 1 + 20);
  expect(bytes).toEqual(expected);
  encodeFields(EXAMPLE, new DataView(bytes.buffer), 1, { label: 'z' }, false);
  expected.set([0x7a, 0, 0, 0], 1 + 20);
  expect(bytes).toEqual(expected);
});
