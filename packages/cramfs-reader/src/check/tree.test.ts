import { describe, expect, test } from 'vitest';
import { check, countedImage } from '../../../../test/helpers/check-image.js';
import { directory, file, text } from '../../../../test/helpers/raw-image.js';
import { checkImage } from '../check.js';

describe('directories', () => {
  test('directory-outside: the entries inside are still looked at', () => {
    const { bytes, placed } = countedImage({
      d: directory({ a: file('a', { mode: 0o4755 }), '..': file('b') }, { inode: { size: 9000 } }),
    });
    const d = placed.get('/d')!;
    const found = check(bytes.subarray(0, d.offset + 32));
    expect(found).toContainEqual(['directory-outside', '/d', d.entry]);
    expect(found).toContainEqual(['name-dot', '/d/..', d.offset]);
  });

  test('directory-size', () => {
    const { bytes, placed } = countedImage({
      d: directory({ a: file('') }, { inode: { size: 24 } }),
      e: directory({ a: file('') }, { inode: { size: 16 } }),
    });
    const { offset } = placed.get('/d')!;
    // The 8 extra bytes belong to the next directory.
    expect(check(bytes)).toEqual([
      ['directory-size', '/d', offset + 16],
      ['overlap', '/e', placed.get('/e')!.offset],
    ]);
  });

  test('entry-past-directory', () => {
    const { bytes, placed } = countedImage({
      d: directory({ 'long name': file('') }, { inode: { size: 20 } }),
    });
    expect(check(bytes)).toEqual([['entry-past-directory', '/d', placed.get('/d')!.offset]]);
  });

  test('directory-loop', () => {
    const { bytes, placed } = countedImage({
      d: directory({
        self: directory({}, { sameAs: '/d' }),
        up: directory({}, { sameAs: '/' }),
      }),
    });
    const { offset } = placed.get('/d')!;
    expect(check(bytes)).toEqual([
      ['directory-loop', '/d/self', offset],
      ['directory-loop', '/d/up', offset + 16],
    ]);
  });

  test('directory-shared', () => {
    const { bytes, placed } = countedImage({
      d: directory({ a: file('a') }),
      e: directory({}, { sameAs: '/d' }),
    });
    const { entry } = placed.get('/d')!;
    expect(check(bytes)).toEqual([['directory-shared', '/e', entry + 16]]);
  });

  test('a directory inside another one is an overlap, not an endless walk', () => {
    const { bytes, placed } = countedImage({ a: file(''), b: directory({ c: file('') }) });
    const root = placed.get('/')!;
    const inner = countedImage({
      a: directory({}, { inode: { offset: (root.offset + 16) / 4, size: 16 } }),
      b: directory({ c: file('') }),
    });
    expect(bytes.length).toBe(inner.bytes.length);
    expect(check(inner.bytes)).toContainEqual(['overlap', '/a', root.offset + 16]);
  });

  test('check-incomplete: overlapping directories cost linear time', () => {
    const count = 3000;
    const entries = Array.from({ length: count }, (_, index) => {
      const size = 16 * (count - index - 1);
      // Each contains all that follow it.
      return [
        String.fromCharCode(97 + (index % 26)),
        directory({}, { inode: { offset: (92 + 16 * index) / 4, size } }),
      ] as const;
    });
    const { bytes } = countedImage(entries);
    const { findings, stats } = checkImage(bytes);
    expect(findings).toMatchObject([{ code: 'check-incomplete' }, ...findings.slice(1)]);
    expect(stats?.entries.directory).toBeLessThan((3 * bytes.length) / 16);
  });

  test('check-incomplete: overlapping pointer tables cost linear time', () => {
    const entries = Array.from(
      { length: 2000 },
      (_, index) =>
        [`${index}`, file(text(10), { inode: { offset: 19 + index, size: 0xffffff } })] as const,
    );
    const { bytes } = countedImage(entries);
    const { findings, stats } = checkImage(bytes);
    expect(findings).toMatchObject([{ code: 'check-incomplete' }, ...findings.slice(1)]);
    const { compressed, uncompressed, holes } = stats!.blocks;
    expect(compressed + uncompressed + holes).toBeLessThan(bytes.length);
  });

  test('directory-depth: a very deep tree ends where paths end', () => {
    const count = 50_000;
    // Nested directories, made by hand: 16 bytes each.
    const { bytes } = countedImage(
      Array.from({ length: count }, (_, index) => {
        const size = index + 1 < count ? 16 : 0;
        const offset = (76 + 16 * (index + 1)) / 4;
        return ['d', directory({}, { inode: { offset: size === 0 ? 0 : offset, size } })] as const;
      }),
      { root: { size: 16 } },
    );
    // The first directory whose path has 4096 bytes, and not its 48,000 descendants.
    expect(check(bytes)).toEqual([['directory-depth', '/d'.repeat(2048), 76 + 16 * 2047]]);
  });
});
