import { expect, test } from 'vitest';
import { fileTypeName, plural } from './words.js';

test('one is not many', () => {
  expect([0, 1, 2].map((count) => plural(count, 'byte'))).toEqual(['0 bytes', '1 byte', '2 bytes']);
  expect(plural(2, 'directory', 'directories')).toBe('2 directories');
});

test('file types in words', () => {
  expect(fileTypeName('char-device')).toBe('character device');
  expect(fileTypeName(undefined)).toBe('file of unknown type');
});
