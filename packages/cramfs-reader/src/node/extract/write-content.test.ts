import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import fc from 'fast-check';
import { isCramfsError, type CramfsError } from 'cramfs-format';
import { expect, test } from 'vitest';
import { withTemporaryDirectory } from '../../../../../test/helpers/peers.js';
import {
  buildRawImage,
  file,
  noise,
  text,
  type RawBlock,
} from '../../../../../test/helpers/raw-image.js';
import { openImage, type CramfsImage } from '../../image.js';
import type { Inode } from '../../types.js';
import { nodeZlib } from '../zlib.js';
import { writeContent, type DamagePolicy } from './write-content.js';

const BLOCK = 4096;

/**
 * The content of the file, block by block, with zeros for blocks that cannot be read; and the first
 * error.
 */
function expected(image: CramfsImage, inode: Inode) {
  const content = new Uint8Array(inode.size);
  let error: CramfsError | undefined;
  for (let index = 0; index * BLOCK < inode.size; index += 1) {
    try {
      content.set(image.readBlock(inode, index), index * BLOCK);
    } catch (cause) {
      if (!isCramfsError(cause)) throw cause;
      error ??= cause;
    }
  }
  return { content, error };
}

function write(image: CramfsImage, inode: Inode, path: string, damage: DamagePolicy) {
  const fd = openSync(path, 'w');
  try {
    return writeContent(image, inode, fd, damage);
  } finally {
    closeSync(fd);
  }
}

const sound = fc.constantFrom<RawBlock['kind']>('C', 'C', 'C', 'U', 'U', 'D', 'Z', 'H', 'z');
const block: fc.Arbitrary<RawBlock> = fc.oneof(
  { arbitrary: sound.map((kind) => ({ kind })), weight: 20 },
  // It does not inflate, or inflates to too few bytes; a pointer is before, or far after, the
  // block's start.
  { arbitrary: fc.constant({ kind: 'C' as const, stored: noise(50) }), weight: 1 },
  { arbitrary: fc.constant({ kind: 'U' as const, stored: noise(50) }), weight: 1 },
  {
    arbitrary: fc.constantFrom(80, 0x3fffffff).map((pointer) => ({ kind: 'C' as const, pointer })),
    weight: 1,
  },
);

/** Runs of all kinds, longer than those inflated at once, and damage anywhere. */
const blocks = fc
  .array(fc.tuple(block, fc.constantFrom(1, 1, 2, 3, 40, 300)), { minLength: 1, maxLength: 6 })
  .map((runs) => runs.flatMap(([one, times]) => Array<RawBlock>(times).fill(one)));

test('writes what the blocks hold one by one, and tells the first error', async () => {
  await withTemporaryDirectory((path) => {
    fc.assert(
      fc.property(blocks, fc.integer({ min: 1, max: BLOCK }), (kinds, rest) => {
        const length = (kinds.length - 1) * BLOCK + rest;
        const { bytes } = buildRawImage({ a: file(text(length), { blocks: kinds }) });
        const image = openImage(bytes, { blockSize: BLOCK, zlib: nodeZlib });
        const inode = image.lookup('/a');
        const { content, error } = expected(image, inode);
        const message = write(image, inode, `${path}/f`, 'zeros')?.message;
        expect(message).toBe(error?.message);
        expect(Buffer.compare(readFileSync(`${path}/f`), content)).toBe(0);
        const strictly = (): unknown => write(image, inode, `${path}/f`, 'remove');
        if (error === undefined) expect(strictly()).toBeUndefined();
        else expect(strictly).toThrow(error.message);
      }),
      { numRuns: 150 },
    );
  });
});

test('holes of the image are holes of the file', async () => {
  await withTemporaryDirectory((path) => {
    const kinds = `C${'H'.repeat(500)}U${'z'.repeat(500)}`;
    const { bytes } = buildRawImage({ a: file(text(kinds.length * BLOCK), { blocks: kinds }) });
    const image = openImage(bytes, { blockSize: BLOCK, zlib: nodeZlib });
    write(image, image.lookup('/a'), `${path}/f`, 'remove');
    expect(statSync(`${path}/f`).size).toBe(kinds.length * BLOCK);
    expect(statSync(`${path}/f`).blocks * 512).toBeLessThan(100 * BLOCK);
  });
});
