import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToName, nameToBytes, nameToText, textToName, truncateName } from './name.js';

const utf8 = (text: string): string => bytesToName(new TextEncoder().encode(text));
const byteStrings = fc.uint8Array({ maxLength: 300 }).map(bytesToName);
/** Contains more bytes that UTF-8 treats specially than random bytes would. */
const nearlyUtf8 = fc
  .array(fc.oneof(fc.string({ unit: 'binary', maxLength: 3 }).map(utf8), byteStrings))
  .map((parts) => parts.join(''));

describe('byte strings', () => {
  test('one character per byte', () => {
    expect(bytesToName(Uint8Array.of(0, 0x41, 0x7f, 0x80, 0xff))).toBe('\0A\x7f\x80\xff');
    expect([...nameToBytes('\0A\x7f\x80\xff')]).toEqual([0, 0x41, 0x7f, 0x80, 0xff]);
  });

  test('any bytes survive, also many', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(nameToBytes(bytesToName(bytes))).toEqual(bytes);
      }),
    );
    const many = Uint8Array.from({ length: 100_001 }, (_, at) => at & 0xff);
    expect(nameToBytes(bytesToName(many))).toEqual(many);
  });
});

describe('nameToText', () => {
  test.each([
    ['hello.txt', 'hello.txt'],
    [utf8('Grüße 世界 🐧'), 'Grüße 世界 🐧'],
    ['a\\b', 'a\\\\b'],
    ['\\x41', '\\\\x41'],
    ['tab\tnewline\n', 'tab\\x09newline\\x0a'],
    ['esc\x1b[31m\x7f', 'esc\\x1b[31m\\x7f'],
    ['latin \xe9', 'latin \\xe9'],
    ['cut \xe4\xb8', 'cut \\xe4\\xb8'],
    ['no second byte \xc3A', 'no second byte \\xc3A'],
    ['stray \x80', 'stray \\x80'],
    ['overlong \xc0\xaf', 'overlong \\xc0\\xaf'],
    ['overlong \xe0\x80\xaf', 'overlong \\xe0\\x80\\xaf'],
    ['surrogate \xed\xa0\x80', 'surrogate \\xed\\xa0\\x80'],
    ['beyond \xf4\x90\x80\x80', 'beyond \\xf4\\x90\\x80\\x80'],
    // Invisible characters, and those that turn the text around.
    [utf8('evil\u202etxt.exe'), 'evil\\xe2\\x80\\xaetxt.exe'],
    [utf8('\ufeffbom'), '\\xef\\xbb\\xbfbom'],
    [utf8('c1 \u0085'), 'c1 \\xc2\\x85'],
    [utf8('line \u2028'), 'line \\xe2\\x80\\xa8'],
  ])('%j', (name, text) => {
    expect(nameToText(name)).toBe(text);
    expect(textToName(text)).toBe(name);
  });

  test('is lossless for all names, so no two look alike', () => {
    fc.assert(
      fc.property(fc.oneof(byteStrings, nearlyUtf8), (name) => {
        expect(textToName(nameToText(name))).toBe(name);
      }),
    );
  });

  test('never lets a control or formatting character through', () => {
    fc.assert(
      fc.property(nearlyUtf8, (name) => {
        expect(nameToText(name)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe('textToName', () => {
  test('anything but an escape stands for itself', () => {
    expect(textToName('a\\xg0 \\n \\')).toBe('a\\xg0 \\n \\');
    expect(textToName('\\xFF\\xfe')).toBe('\xff\xfe');
  });
});

describe('truncateName', () => {
  test('a name within the limit is left alone', () => {
    expect(truncateName('abc', 3)).toBe('abc');
    expect(truncateName('\xff'.repeat(252), 252)).toBe('\xff'.repeat(252));
  });

  test('plain text is cut at the limit', () => {
    expect(truncateName('x'.repeat(300), 252)).toBe('x'.repeat(252));
  });

  test('no character is cut in two', () => {
    expect(truncateName(utf8('aé'), 2)).toBe('a');
    expect(truncateName(utf8('éé'), 3)).toBe(utf8('é'));
    expect(truncateName(utf8(`${'x'.repeat(249)}🐧`), 252)).toBe('x'.repeat(249));
    expect(truncateName(utf8(`${'x'.repeat(248)}🐧y`), 252)).toBe(utf8(`${'x'.repeat(248)}🐧`));
  });

  test('undefined where no safe place is known', () => {
    // Continuation bytes without a first byte: not UTF-8.
    expect(truncateName(`a${'\x80'.repeat(300)}`, 252)).toBeUndefined();
    expect(truncateName('\x80'.repeat(300), 252)).toBeUndefined();
  });

  test('of UTF-8: valid, a prefix, and at most three bytes shorter than it could be', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    fc.assert(
      fc.property(
        // What TextEncoder can encode: no lone surrogates.
        fc.string({ unit: 'grapheme', minLength: 8 }),
        fc.integer({ min: 4, max: 40 }),
        (text, limit) => {
          const name = utf8(text);
          const cut = truncateName(name, limit);
          expect(cut).toBeDefined();
          expect(name.startsWith(cut!)).toBe(true);
          expect(cut!.length).toBeLessThanOrEqual(limit);
          expect(cut!.length).toBeGreaterThanOrEqual(Math.min(name.length, limit - 3));
          expect(() => decoder.decode(nameToBytes(cut!))).not.toThrow();
        },
      ),
    );
  });
});
