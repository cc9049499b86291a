import { describe, expect, test } from 'vitest';
import { check, countedImage } from '../../../../test/helpers/check-image.js';
import { LinuxReader } from '../../../../test/helpers/linux-reader.js';
import { file, type RawNode } from '../../../../test/helpers/raw-image.js';

const ROOT = 76;
const empty = file('');

function named(...names: string[]): [string, RawNode][] {
  return names.map((name) => [name, empty]);
}

function rawNamed(name: string): RawNode {
  return file('', { rawName: Uint8Array.from(Buffer.from(name, 'latin1')) });
}

describe('names', () => {
  test('every byte but NUL and slash, and every length, is fine', () => {
    const bytes = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1))
      .filter((char) => char !== '/')
      .join('');
    const names = [bytes.slice(0, 252), bytes.slice(1, 253), 'a', 'ab', 'abc', 'abcd', '...'];
    expect(check(countedImage(named(...names.sort())).bytes)).toEqual([]);
  });

  test('name-empty', () => {
    const { bytes } = countedImage([['x', rawNamed('')], ...named('a')]);
    expect(check(bytes)).toEqual([['name-empty', '/', ROOT]]);
    const zeros = countedImage([['x', rawNamed('\0\0\0\0')], ...named('a')]);
    expect(check(zeros.bytes)).toEqual([['name-empty', '/', ROOT]]);
  });

  test('name-slash', () => {
    expect(check(countedImage(named('a/b')).bytes)).toEqual([['name-slash', '/a/b', ROOT]]);
    expect(check(countedImage(named('/')).bytes)).toEqual([['name-slash', '//', ROOT]]);
  });

  test('name-nul: also where a padding is not zero', () => {
    const { bytes } = countedImage([['x', rawNamed('a\0\0b')]]);
    expect(check(bytes)).toEqual([['name-nul', '/a\0\0b', ROOT]]);
  });

  test('name-dot', () => {
    const { bytes } = countedImage(named('.', '..', '...'));
    expect(check(bytes)).toEqual([
      ['name-dot', '/.', ROOT],
      ['name-dot', '/..', ROOT + 16],
    ]);
  });

  test('name-padding', () => {
    const { bytes } = countedImage([['a', rawNamed('a\0\0\0\0\0\0\0')]]);
    expect(check(bytes)).toEqual([['name-padding', '/a', ROOT]]);
  });

  test('name-duplicate', () => {
    const { bytes } = countedImage(named('a', 'a'));
    expect(check(bytes)).toEqual([['name-duplicate', '/a', ROOT + 16]]);
    // Not adjacent, in a directory that is not sorted.
    const { bytes: unsorted } = countedImage(named('a', 'b', 'a'), { flags: 1 });
    expect(check(unsorted)).toEqual([['name-duplicate', '/a', ROOT + 32]]);
  });

  test('name-order and name-hidden', () => {
    expect(check(countedImage(named('b', 'a')).bytes)).toEqual([
      ['name-order', '/a', ROOT + 16],
      ['name-hidden', '/a', ROOT + 16],
    ]);
  });

  test('names out of order that Linux finds all the same', () => {
    // With the same first character and another length, cramfs_lookup() keeps looking.
    expect(check(countedImage(named('abc', 'ab')).bytes)).toEqual([
      ['name-order', '/ab', ROOT + 16],
    ]);
    expect(check(countedImage(named('abd', 'abc')).bytes)).toContainEqual([
      'name-hidden',
      '/abc',
      ROOT + 16,
    ]);
  });

  test('order does not matter without the flag', () => {
    expect(check(countedImage(named('b', 'a'), { flags: 1 }).bytes)).toEqual([]);
  });

  test('k3-name-at-image-end: exactly the names that a kernel misses', () => {
    const names = Array.from({ length: 40 }, (_, index) => `n${String(index).padStart(2, '0')}`);
    const { bytes } = countedImage(named(...names), { roundTo: 4 });
    const missing = check(bytes, { blockSize: 4096 }).filter(([code]) => code.startsWith('k3'));
    // Entries of 16 bytes; a window of 264 has to fit after the start of each.
    expect(missing.map(([, path]) => path)).toEqual(names.slice(-16).map((name) => `/${name}`));
    expect(() => new LinuxReader(bytes).walk()).toThrow('EIO');

    const { bytes: enough } = countedImage(named(...names), { roundTo: ROOT + 39 * 16 + 264 });
    expect(check(enough).filter(([code]) => code.startsWith('k3'))).toEqual([]);
    expect(new LinuxReader(enough).walk().size).toBe(41);
  });
});
