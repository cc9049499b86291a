import { expect, test } from 'vitest';
import { FLAT_HEADER_SIZE, isFlat, mapsFlatText, parseFlat } from './flat.js';

/** A struct flat_hdr word by word, as include/linux/flat.h lists them. */
function header(...words: number[]): Uint8Array {
  const bytes = new Uint8Array(FLAT_HEADER_SIZE);
  bytes.set(new TextEncoder().encode('bFLT'));
  words.forEach((word, index) => {
    new DataView(bytes.buffer).setUint32(4 + 4 * index, word);
  });
  return bytes;
}

test('the words of a header, big-endian', () => {
  expect(parseFlat(header(4, 0x41, 0x1000, 0x1040, 0x10a4, 4096, 0x1040, 2, 9, 77))).toEqual({
    rev: 4,
    entry: 0x41,
    dataStart: 0x1000,
    dataEnd: 0x1040,
    bssEnd: 0x10a4,
    stackSize: 4096,
    relocStart: 0x1040,
    relocCount: 2,
    flags: 9,
    buildDate: 77,
  });
});

test('a file that ends in its header is padded with zeros', () => {
  const cut = header(4, 0x41, 0x1000).subarray(0, 14);
  expect(parseFlat(cut)).toMatchObject({ rev: 4, entry: 0x41, dataStart: 0, flags: 0 });
});

test('other files', () => {
  expect(isFlat(Uint8Array.of(0x62, 0x46, 0x4c))).toBe(false);
  expect(parseFlat(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46))).toBeUndefined();
});

test('the text is mapped unless it is compressed or meant for RAM', () => {
  const mapped = (rev: number): number[] =>
    [0, 1, 2, 4, 8, 10, 16].filter((flags) => mapsFlatText({ rev, flags }));
  expect(mapped(4)).toEqual([0, 2, 8, 10, 16]);
  expect(mapped(2)).toEqual([0]);
});
