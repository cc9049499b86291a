import { CRAMFS_BLOCK_SIZES } from 'cramfs-format';
import { describe, expect, test } from 'vitest';
import {
  buildRawImage,
  concat,
  directory,
  file,
  noise,
  text,
  type RawNode,
  type RawTree,
} from '../../../test/helpers/raw-image.js';
import { openImage } from './image.js';

function detect(tree: RawTree, blockSize: number, endianness: 'little' | 'big' = 'little'): number {
  return openImage(buildRawImage(tree, { blockSize, endianness }).bytes).blockSize;
}

/** A file of `blocks` blocks of the given kinds. */
function kinds(blockSize: number, kinds: string): RawTree {
  const blocks = Array.from(kinds, (kind, index) =>
    kind === 'H' || kind === 'z' ? new Uint8Array(blockSize) : text(blockSize, index + 1),
  );
  return { f: file(concat(...blocks), { blocks: kinds }) };
}

describe.each(CRAMFS_BLOCK_SIZES)('blocks of %i bytes', (blockSize) => {
  test.each(['CC', 'UC', 'HC', 'DD', 'ZZ', 'ZC'])('are seen in a file of blocks %s', (blocks) => {
    expect(detect(kinds(blockSize, blocks), blockSize)).toBe(blockSize);
    expect(detect(kinds(blockSize, blocks), blockSize, 'big')).toBe(blockSize);
  });

  test('are seen in a subdirectory, after small files', () => {
    const small = Array.from({ length: 100 }, (_, index): [string, RawNode] => [
      `a${index}`,
      file(text(100)),
    ]);
    const tree: RawTree = [...small, ['z', directory(kinds(blockSize, 'CC'))]];
    expect(detect(tree, blockSize)).toBe(blockSize);
  });
});

test('files no longer than 4096 bytes tell nothing: 4096', () => {
  expect(detect({ a: file(text(4096)), b: file(noise(4096), { blocks: 'U' }) }, 65536)).toBe(4096);
  expect(detect({}, 65536)).toBe(4096);
});

test('where several sizes read the same, the smallest', () => {
  expect(detect({ a: file(text(8000)) }, 65536)).toBe(8192);
  expect(detect({ a: file(text(8000)), b: file(text(33000)) }, 65536)).toBe(65536);
});

test('some damaged files do not outvote the sound ones', () => {
  const broken = file(text(20000), { blocks: [{ kind: 'C', stored: noise(300) }, 'C', 'C'] });
  const tree = { a: broken, b: broken, c: broken, d: file(text(20000)), e: broken };
  expect(detect(tree, 8192)).toBe(8192);
});

test('a given size is taken', () => {
  const { bytes } = buildRawImage(kinds(8192, 'CC'), { blockSize: 8192 });
  expect(openImage(bytes, { blockSize: 4096 }).blockSize).toBe(4096);
});

test('votes: how many files agree, and with which sizes', () => {
  const votesOf = (tree: RawTree, blockSize: number): unknown => {
    const { bytes } = buildRawImage(tree, { blockSize });
    return openImage(bytes).blockSizeVotes;
  };
  expect(votesOf({}, 8192)).toEqual({
    size: 4096,
    files: 0,
    votes: 0,
    extended: false,
    candidates: CRAMFS_BLOCK_SIZES,
  });
  expect(votesOf({ a: file(text(9000)) }, 8192)).toMatchObject({
    files: 1,
    votes: 1,
    extended: false,
    candidates: [8192],
  });
  expect(votesOf({ a: file(text(9000)) }, 32768)).toMatchObject({
    size: 16384,
    candidates: [16384, 32768, 65536],
  });
});

test('a preferred size is taken if nothing speaks for another one', () => {
  const sized = (size: number): unknown => {
    const { bytes } = buildRawImage({ a: file(text(size)) }, { blockSize: 32768 });
    return openImage(bytes, { preferredBlockSize: 65536 }).blockSize;
  };
  expect([sized(100), sized(9000), sized(40_000)]).toEqual([65536, 65536, 32768]);
});
