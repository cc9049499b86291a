import { truncateSync, openSync, writeSync, closeSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { withTemporaryDirectory } from '../../../../test/helpers/peers.js';
import { buildRawImage, concat, file, noise, text } from '../../../../test/helpers/raw-image.js';
import { openImage } from '../image.js';
import { findImagesInFile, isLargerThan, readImageRange } from './large-file.js';

const WINDOWS = { step: 40_000, overlap: 30_000 };

const image = buildRawImage({ f: file(text(20_000)) }).bytes;

describe('a file of 5 GiB', () => {
  const FIRST = 3 * 2 ** 30 + 123;

  /** Sparse, with an image beyond the reach of 32 bits of signed offset. */
  function large(path: string): void {
    writeFileSync(path, '');
    truncateSync(path, 5 * 2 ** 30);
    const fd = openSync(path, 'r+');
    writeSync(fd, image, 0, image.length, FIRST);
    closeSync(fd);
  }

  test('only the image is read', async () => {
    await withTemporaryDirectory((path) => {
      const name = `${path}/large`;
      large(name);
      expect(isLargerThan(name, 2 ** 31)).toBe(true);
      const bytes = readImageRange(name, FIRST);
      expect(bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(Buffer.from(bytes).equals(image)).toBe(true);
      expect(readImageRange(name, 0)).toHaveLength(4096);
      expect(readImageRange(name, 6 * 2 ** 30)).toHaveLength(0);
    });
  });
});

test('an image that is cut off, and one without a size, are read to the end', async () => {
  await withTemporaryDirectory((path) => {
    writeFileSync(`${path}/cut`, concat(noise(100), image.subarray(0, 5000)));
    expect(openImage(image).size).toBeGreaterThan(5000);
    expect(readImageRange(`${path}/cut`, 100)).toHaveLength(5000);
    const old = buildRawImage({ f: file('content') }, { v1: true }).bytes;
    writeFileSync(`${path}/old`, concat(noise(100), old, noise(50)));
    expect(readImageRange(`${path}/old`, 100)).toHaveLength(old.length + 50);
  });
});

describe('findImagesInFile', () => {
  /** Images at these offsets of a file of zeros, searched in small windows. */
  async function offsetsOf(offsets: readonly number[], length: number): Promise<unknown[]> {
    const bytes = new Uint8Array(length);
    for (const offset of offsets) bytes.set(image, offset);
    let found: unknown[] = [];
    await withTemporaryDirectory((path) => {
      writeFileSync(`${path}/file`, bytes);
      found = findImagesInFile(`${path}/file`, WINDOWS).map(({ offset, crcOk }) => [offset, crcOk]);
    });
    return found;
  }

  test.each([0, 39_990, 40_000, 45_000, 79_999, 80_000, 119_000])(
    'an image at %i is found once, wherever windows end',
    async (offset) => {
      expect(await offsetsOf([offset], 200_000)).toEqual([[offset, true]]);
    },
  );

  test('several, and the end of the file', async () => {
    const last = 150_000;
    expect(await offsetsOf([100, 60_000, last], last + image.length)).toEqual([
      [100, true],
      [60_000, true],
      [last, true],
    ]);
    expect(await offsetsOf([], 10)).toEqual([]);
  });

  test('an image in an image is content', async () => {
    const { bytes } = buildRawImage({
      f: file(image, { blocks: 'U'.repeat(image.length / 4096) }),
    });
    await withTemporaryDirectory((path) => {
      writeFileSync(`${path}/file`, concat(noise(39_000), bytes));
      expect(openImage(bytes).size).toBeLessThan(WINDOWS.overlap);
      const found = findImagesInFile(`${path}/file`, WINDOWS);
      expect(found.map(({ offset }) => offset)).toEqual([39_000]);
    });
  });
});
