import { describe, expect, test, vi } from 'vitest';
import {
  buildRawImage,
  concat,
  directory,
  file,
  noise,
  symlink,
  text,
  type RawBlock,
  type RawNode,
} from '../../../test/helpers/raw-image.js';
import { diffImages } from './diff.js';
import { chooseImage, findImages } from './find-images.js';
import type { CramfsImage } from './image.js';
import { openImage } from './image.js';
import { filesWithSharedPages } from './shared-pages.js';
import { portableZlib } from './zlib.js';

/*
 * A small image can ask for the same thing very many times. Work is counted here, not timed.
 */

/** Opens an image and counts the blocks that are inflated. */
function counted(bytes: Uint8Array) {
  const counts = { inflated: 0 };
  const zlib = {
    ...portableZlib,
    inflate: (data: Uint8Array, maxLength: number) => {
      counts.inflated += 1;
      return portableZlib.inflate(data, maxLength);
    },
  };
  return { image: openImage(bytes, { zlib, blockSize: 4096 }), counts };
}

/** Counts the words read from an image from here on. */
function countWords(image: CramfsImage): { words: number } {
  const counts = { words: 0 };
  const { view } = image;
  const getUint32 = view.getUint32.bind(view);
  vi.spyOn(view, 'getUint32').mockImplementation((...args) => {
    counts.words += 1;
    return getUint32(...args);
  });
  return counts;
}

describe('diff', () => {
  const NAMES = 300;
  const BLOCKS = 20;
  /** Many names, with owners of their own, of one file; its first byte is `first`. */
  function names(first: number, blocks: 'C' | 'U' = 'C'): Uint8Array {
    const content = text(BLOCKS * 4096 - 5);
    content[0] = first;
    const tree = Array.from({ length: NAMES }, (_, index): [string, RawNode] => [
      `f${index}`,
      index === 0
        ? file(content, { blocks: blocks.repeat(BLOCKS) })
        : file('', { sameAs: '/f0', uid: index }),
    ]);
    return buildRawImage(tree).bytes;
  }

  test('compares the content of names that share it once', () => {
    const before = counted(names(1));
    const after = counted(names(2));
    expect(diffImages(before.image, after.image)).toHaveLength(NAMES);
    expect(before.counts.inflated).toBeLessThanOrEqual(BLOCKS);
    expect(after.counts.inflated).toBeLessThanOrEqual(BLOCKS);
  });

  test('compares equal data that is stored differently once', () => {
    const before = counted(names(1));
    const after = counted(names(1, 'U'));
    expect(diffImages(before.image, after.image)).toEqual([]);
    expect(diffImages(before.image, after.image, { layout: true })).toHaveLength(NAMES);
    expect(before.counts.inflated).toBeLessThanOrEqual(2 * BLOCKS);
  });

  test('compares blocks that many tables point to once', () => {
    const TABLES = 40;
    const tables = (kind: 'Z' | 'D'): Uint8Array => {
      const page = text(4096);
      const shared: RawBlock = { kind, sameAs: ['/one', 0] };
      const many = Array.from({ length: TABLES }, (_, index): [string, RawNode] => [
        `t${index}`,
        file(concat(...new Array<Uint8Array>(30).fill(page)), {
          blocks: new Array<RawBlock>(30).fill(shared),
        }),
      ]);
      return buildRawImage([['one', file(page, { blocks: kind })], ...many], { flags: 0x901 })
        .bytes;
    };
    const before = counted(tables('Z'));
    const after = counted(tables('D'));
    expect(diffImages(before.image, after.image)).toEqual([]);
    expect(before.counts.inflated).toBe(1);
  });

  test('finds damage once, and reports it for each name', () => {
    const bytes = names(1);
    const damaged = buildRawImage(
      Array.from({ length: NAMES }, (_, index): [string, RawNode] => [
        `f${index}`,
        index === 0
          ? file(text(BLOCKS * 4096 - 5), {
              blocks: Array.from({ length: BLOCKS }, (__, block): RawBlock =>
                block === 0 ? { kind: 'C', stored: noise(50) } : { kind: 'C' },
              ),
            })
          : file('', { sameAs: '/f0', uid: index }),
      ]),
    ).bytes;
    const before = counted(bytes);
    const after = counted(damaged);
    const paths: (string | undefined)[] = [];
    diffImages(before.image, after.image, { onError: ({ path }) => paths.push(path) });
    expect(new Set(paths).size).toBe(NAMES);
    expect(after.counts.inflated).toBeLessThanOrEqual(2 * BLOCKS);
  });
});

describe('findImages', () => {
  /** A superblock with a signature and an empty root: a candidate of the lowest rank. */
  const lying = buildRawImage({}, { roundTo: 4, crc: 1 }).bytes;
  const rooted = buildRawImage({ f: file('x') }, { roundTo: 4, crc: 1 }).bytes;
  const sound = buildRawImage({ f: file('x') }).bytes;
  const MANY = 4096;

  test('lists 4096 candidates, and then only better ones', () => {
    const many = new Array<Uint8Array>(MANY + 10).fill(lying);
    const found = findImages(concat(...many, rooted, rooted, lying, sound, rooted, lying));
    expect(found.slice(0, MANY).every(({ rootOk }) => !rootOk)).toBe(true);
    const start = (MANY + 10) * lying.length;
    expect(found.slice(MANY).map(({ offset, rootOk, crcOk }) => [offset, rootOk, crcOk])).toEqual([
      [start, true, false],
      [start + 2 * rooted.length + lying.length, true, true],
    ]);
    expect(chooseImage(found)).toBe(found.at(-1));
  });

  test('lists all of fewer', () => {
    const found = findImages(concat(rooted, lying, sound, rooted, lying));
    expect(found).toHaveLength(5);
    expect(chooseImage(found)).toMatchObject({ offset: rooted.length + lying.length });
  });
});

describe('lookups', () => {
  const ENTRIES = 3000;
  const many = Array.from({ length: ENTRIES }, (_, index): [string, RawNode] => [
    `f${String(index).padStart(5, '0')}`,
    file(''),
  ]);

  test('of missing names read a directory once', () => {
    const image = openImage(buildRawImage({ d: directory(many) }).bytes);
    const counts = countWords(image);
    for (let index = 0; index < 500; index += 1) {
      expect(() => image.lookup(`/d/none${index}`)).toThrow('no such file');
    }
    expect(counts.words).toBeLessThan(4 * (ENTRIES + 1));
    expect(image.lookup('/d/f02999').size).toBe(0);
  });

  test('in a damaged directory read it once, and report that each time', () => {
    // The part that is cut off must be larger than the directory, or it is refused at once.
    const { bytes, placed } = buildRawImage({ d: directory(many) }, { rootShift: 100_000 });
    const { offset } = placed.get('/d')!;
    const image = openImage(bytes.slice(0, offset + 1000 * 20));
    const counts = countWords(image);
    for (let index = 0; index < 500; index += 1) {
      expect(() => image.lookup(`/d/none${index}`)).toThrow("beyond the image's end");
    }
    expect(counts.words).toBeLessThan(4 * 1001);
  });

  test('in directories that share their entries read them once', () => {
    const levels = 100;
    const start = 76;
    const tree = Array.from({ length: levels }, (_, level) =>
      ['a', 'b'].map((name): [string, RawNode] => [
        name,
        level + 1 < levels
          ? directory({}, { inode: { offset: (start + 32 * (level + 1)) / 4, size: 32 } })
          : file(''),
      ]),
    ).flat();
    const { bytes } = buildRawImage(tree, { root: { size: 32 }, flags: 1 });
    const image = openImage(bytes, { blockSize: 4096 });
    const counts = countWords(image);
    for (let index = 0; index < 1000; index += 1) {
      const path = Array.from({ length: levels }, (_, level) => 'ab'[(index * level) % 2]).join(
        '/',
      );
      expect(image.lookup(path).type).toBe('file');
    }
    expect(counts.words).toBeLessThan(10 * 2 * levels);
  });

  test('in farms of symlinks stop at the fortieth', () => {
    const LINKS = 60;
    const farm = Array.from({ length: LINKS }, (_, index): [string, RawNode] => [
      `l${index}`,
      symlink(`l${index + 1}/l${index + 1}/l${index + 1}`),
    ]);
    const image = openImage(buildRawImage(farm).bytes, { blockSize: 4096 });
    const readlink = vi.spyOn(image, 'readlink');
    for (let index = 0; index < 20; index += 1) {
      expect(() => image.lookup('/l0')).toThrow('too many symbolic links');
    }
    expect(readlink).toHaveBeenCalledTimes(20 * 40);
  });
});

test('pointer tables that overlap are looked at a bounded number of times', () => {
  const FILES = 500;
  const BLOCKS = 400;
  // Each table is the rest of the previous one, and has as many pointers.
  const pages = new Uint8Array((BLOCKS + FILES) * 4096 - 1).fill(65);
  const block: RawBlock = { kind: 'D', align: 4096, sameAs: ['/one', 0] };
  const tree: [string, RawNode][] = [
    ['one', file(new Uint8Array(4096).fill(65), { blocks: [{ kind: 'D', align: 4096 }] })],
    ['all', file(pages, { blocks: new Array<RawBlock>(BLOCKS + FILES).fill(block) })],
  ];
  const table = buildRawImage(tree, { flags: 0x901 }).placed.get('/all')!.offset;
  const more = Array.from({ length: FILES }, (_, index): [string, RawNode] => [
    `p${index}`,
    file('', { inode: { size: BLOCKS * 4096 - 1, offset: 0 } }),
  ]);
  const { bytes, placed } = buildRawImage([...tree, ...more], { flags: 0x901 });
  expect(table).toBeGreaterThan(0);
  const start = placed.get('/all')!.offset;
  const moved = more.map(([name], index): [string, RawNode] => [
    name,
    file('', { inode: { size: BLOCKS * 4096 - 1, offset: start / 4 + index } }),
  ]);
  const image = openImage(buildRawImage([...tree, ...moved], { flags: 0x901 }).bytes, {
    blockSize: 4096,
  });
  expect(image.size).toBe(bytes.length);
  const counts = countWords(image);
  filesWithSharedPages(image, { pageSize: 4096, onlyForNommu: false }, (error) => {
    throw error;
  });
  // Entries of two walks, and as many pointers as the image has words, twice.
  expect(counts.words).toBeLessThan((2 * image.size) / 4 + 20 * FILES);
  expect(FILES * BLOCKS).toBeGreaterThan((2 * image.size) / 4 + 20 * FILES);
});
