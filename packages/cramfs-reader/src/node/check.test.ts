import { describe, expect, test } from 'vitest';
import { countedImage } from '../../../../test/helpers/check-image.js';
import {
  concat,
  directory,
  file,
  noise,
  symlink,
  text,
} from '../../../../test/helpers/raw-image.js';
import { checkImage } from '../check.js';
import { checkImageFile } from './check.js';
import { nodeZlib } from './zlib.js';

const BLOCKS = 3000;

/** More blocks than one batch, some damaged, all over the image. */
function damagedImage(): Uint8Array {
  const names = ['a', 'b', 'c'];
  const files = names.map((name, index) => {
    const blocks = Array.from({ length: BLOCKS }, (_, block) =>
      block % 500 === 100 * index ? { kind: 'C' as const, stored: noise(300, block) } : 'C',
    );
    return [name, file(text(BLOCKS * 4096, index), { blocks: blocks as 'C'[] })] as const;
  });
  const links = Array.from(
    { length: 5 },
    (_, index) => [`l${index}`, symlink(`target\0${index}`)] as const,
  );
  return countedImage([['d', directory(files)], ...links]).bytes;
}

describe('checkImageFile', () => {
  const bytes = damagedImage();
  const expected = checkImage(bytes, { zlib: nodeZlib });

  test('finds the damage', () => {
    const codes = expected.findings.map(({ code }) => code);
    expect(codes.filter((code) => code === 'block-bad-data')).toHaveLength(18);
    expect(codes.filter((code) => code === 'symlink-nul')).toHaveLength(5);
  });

  test.each([0, 1, 3])('gives the same result with %d workers', async (workers) => {
    const progress: [number, number][] = [];
    const onProgress = (done: number, total: number): void => {
      progress.push([done, total]);
    };
    expect(await checkImageFile(bytes, { workers, onProgress })).toEqual(expected);
    expect(progress.at(-1)).toEqual([9005, 9005]);
    expect(progress.length).toBeGreaterThan(5);
  });

  test('drops the same findings', async () => {
    const options = { limit: 4, blockSize: 4096 } as const;
    expect(await checkImageFile(bytes, { ...options, workers: 2 })).toEqual(
      checkImage(bytes, { ...options, zlib: nodeZlib }),
    );
  });

  test('an image inside a larger file', async () => {
    const firmware = concat(noise(1000), bytes, noise(50));
    for (const workers of [0, 2]) {
      expect(await checkImageFile(firmware, { workers, offset: 1000 })).toEqual(expected);
    }
  });

  test('a file that is not an image', async () => {
    const { findings } = await checkImageFile(noise(10_000), { workers: 2 });
    expect(findings).toMatchObject([{ code: 'no-superblock' }]);
  });
});
