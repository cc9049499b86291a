import { describe, expect, test } from 'vitest';
import {
  buildRawImage,
  directory,
  file,
  noise,
  special,
  symlink,
  text,
  type RawImageOptions,
  type RawTree,
} from '../../../test/helpers/raw-image.js';
import { diffImages, type DiffOptions } from './diff.js';
import { openImage, type CramfsImage } from './image.js';

function open(tree: RawTree, options: RawImageOptions = {}): CramfsImage {
  return openImage(buildRawImage(tree, options).bytes);
}

function diff(before: RawTree, after: RawTree, options: DiffOptions = {}): unknown[] {
  return diffImages(open(before), open(after), options).map(({ path, kind, what }) =>
    kind === 'changed' ? `${path}: ${what.join(' ')}` : `${path} ${kind}`,
  );
}

describe('diffImages', () => {
  const content = text(20_000);

  test('nothing, whatever the byte order, block size and layout', () => {
    const tree = {
      a: file(content),
      b: directory({ link: symlink('a'), null: special(0o20666, 0x0103) }),
    };
    const other = { ...tree, a: file(content, { blocks: 'DZUHU'.replace('H', 'C') }) };
    const options = { endianness: 'big', pad: 512, rootShift: 40 } as const;
    expect(diffImages(open(tree), open(other, options))).toEqual([]);
    const large = openImage(buildRawImage(tree, { ...options, blockSize: 16384 }).bytes, {
      blockSize: 16384,
    });
    expect(diffImages(open(tree), large)).toEqual([]);
  });

  test('added and removed, with all that is in them', () => {
    const before = { a: file('a'), old: directory({ x: file('x') }) };
    const after = { a: file('a'), 'old.conf': file('c'), new: directory({ y: file('y') }) };
    expect(diff(before, after)).toEqual([
      '/new added',
      '/new/y added',
      '/old removed',
      '/old.conf added',
      '/old/x removed',
    ]);
  });

  test('gives the inodes', () => {
    const [change] = diffImages(open({ a: file('a') }), open({ a: file('aa', { mode: 0o600 }) }));
    expect(change).toMatchObject({ before: { size: 1 }, after: { size: 2, mode: 0o100600 } });
  });

  test('changes', () => {
    const changed = content.slice();
    changed[10_000]! ^= 1;
    const device = (mode: number, size: number) => special(mode, size);
    expect(
      diff(
        {
          content: file(content),
          device: device(0o20600, 0x0101),
          group: file('x'),
          link: symlink('a'),
          mode: directory({}, { mode: 0o755 }),
          owner: file('x'),
          same: device(0o20600, 0x0101),
          size: file('x'),
          type: file('x'),
        },
        {
          content: file(changed),
          device: device(0o20600, 0x0102),
          group: file('x', { gid: 5 }),
          link: symlink('b'),
          mode: directory({}, { mode: 0o700 }),
          owner: file('x', { uid: 5 }),
          // The numbers differ only in bits that Linux ignores.
          same: device(0o20600, 0xff0101),
          size: file('xx'),
          type: symlink('x', { mode: 0o644 }),
        },
      ),
    ).toEqual([
      '/content: content',
      '/device: rdev',
      '/group: owner',
      '/link: target',
      '/mode: mode',
      '/owner: owner',
      '/size: size content',
      '/type: type',
    ]);
  });

  test('layout, if asked for', () => {
    const before = { a: file(content, { blocks: 'CCCCC' }), b: file(noise(5000)) };
    const after = { a: file(content, { blocks: 'CCDDD' }), b: file(noise(5000)) };
    expect(diff(before, after)).toEqual([]);
    expect(diff(before, after, { layout: true })).toEqual(['/a: layout']);
  });

  test('a damaged file is an error with its path', () => {
    const damaged = { a: file(content, { blocks: 'CCCCC', inode: { size: 0xffffff } }) };
    expect(() => diff(damaged, damaged)).toThrow(
      expect.objectContaining({ name: 'CramfsError', path: '/a' }),
    );
  });
});
