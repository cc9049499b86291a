import { describe, expect, test } from 'vitest';
import { cutStart, displayWidth, hangingLine, wrapText } from './text-width.js';

describe('the room that text takes on a terminal', () => {
  test.each([
    ['', 0],
    ['plain ASCII', 11],
    ['héllo', 5],
    ['he\u0301llo', 5],
    ['日本語', 6],
    ['한글', 4],
    ['🚀', 2],
    ['ﾊﾝｶｸ', 4],
  ])('%s: %i', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe('cut', () => {
  test.each([
    ['/usr/lib/libc.so', 16, '/usr/lib/libc.so'],
    ['/usr/lib/libc.so', 10, '…b/libc.so'],
    // A wide character of which only half would fit is left out.
    ['/日本語', 6, '…本語'],
    ['/e\u0301e\u0301e\u0301', 3, '…e\u0301e\u0301'],
    // Half an escape would read as another name.
    [String.raw`/a\x1b[31m`, 8, '…[31m'],
    [String.raw`/a\x1b[31m`, 9, String.raw`…\x1b[31m`],
    [String.raw`/aa\\b`, 3, '…b'],
  ])('%s to %i: %s', (text, width, expected) => {
    expect(cutStart(text, width)).toBe(expected);
    expect(displayWidth(cutStart(text, width))).toBeLessThanOrEqual(width);
  });
});

describe('wrapped', () => {
  test.each([
    ['', 5, ['']],
    ['a b c d', 3, ['a b', 'c d']],
    ['two  blanks stay', 11, ['two  blanks', 'stay']],
    ['abcdefgh ij', 4, ['abcd', 'efgh', 'ij']],
    ['日本語', 4, ['日本', '語']],
    // The width is less than one character needs.
    ['日本', 1, ['日', '本']],
  ])('%s to %i', (text, width, expected) => {
    expect(wrapText(text, width)).toEqual(expected);
  });

  test('what goes on below is indented', () => {
    expect(hangingLine('short', 10)).toBe('short\n');
    expect(hangingLine('a line of several words', 12)).toBe('a line of\n    several\n    words\n');
  });
});
