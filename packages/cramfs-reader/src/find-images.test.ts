import { describe, expect, test } from 'vitest';
import {
  buildRawImage,
  concat,
  file,
  fixCrc,
  noise,
  text,
  type RawImageOptions,
} from '../../../test/helpers/raw-image.js';
import { chooseImage, findImages } from './find-images.js';
import { openImage } from './image.js';

function image(options: RawImageOptions = {}, seed = 1): Uint8Array {
  const tree = { etc: file(text(5000, seed)), init: file(text(100, seed)) };
  return buildRawImage(tree, options).bytes;
}

const MAGIC = Uint8Array.of(0x45, 0x3d, 0xcd, 0x28);

describe('findImages', () => {
  test.each([
    ['plain', {}, 0],
    ['big endian', { endianness: 'big' }, 0],
    ['padded', { pad: 512 }, 512],
    ['padded, big endian', { pad: 512, endianness: 'big' }, 512],
    ['shifted root', { rootShift: 4000 }, 0],
    ['padded with a shifted root', { pad: 512, rootShift: 4000 }, 512],
  ] as const)('%s, at any place', (_, options, superblockOffset) => {
    const bytes = image(options);
    for (const offset of [0, 1, 4096, 77_777]) {
      const blob = concat(noise(offset), bytes, noise(1000, 2));
      expect(findImages(blob)).toEqual([
        {
          offset,
          superblockOffset,
          endianness: 'endianness' in options ? options.endianness : 'little',
          size: bytes.length,
          truncated: false,
          crc: 'right',
          crcOk: true,
          dialect: 'standard',
          statedSize: bytes.length,
          name: 'raw',
          rootOk: true,
        },
      ]);
      expect(openImage(blob, { offset }).lookup('/init').size).toBe(100);
    }
  });

  test('an image without a CRC goes on to the end of the input', () => {
    const blob = concat(noise(100), image({ v1: true }), noise(100));
    expect(findImages(blob)).toMatchObject([
      { offset: 100, size: blob.length - 100, crcOk: undefined, rootOk: true },
    ]);
  });

  test('a wiped signature, a wrong CRC and a cut-off end do not hide an image', () => {
    expect(findImages(image({ signature: '' }))).toMatchObject([{ crcOk: true }]);
    expect(findImages(image({ signature: '', crc: 1 }))).toMatchObject([{ crcOk: false }]);
    const cut = image().subarray(0, 3000);
    expect(findImages(cut)).toMatchObject([
      { crcOk: false, rootOk: true, truncated: true, size: 3000 },
    ]);
  });

  test('all images of a blob; bytes inside a sound one are its content', () => {
    const inner = image({}, 2);
    const outer = buildRawImage({ inner: file(inner, { blocks: 'U' }) }).bytes;
    const blob = concat(outer, noise(33), image({ endianness: 'big' }));
    expect(findImages(blob).map(({ offset }) => offset)).toEqual([0, outer.length + 33]);
  });

  test('a bare magic, or a superblock that lies, does not hide the image after it', () => {
    const real = image();
    const lying = image({ crc: 1, size: 2 ** 31 }, 3).subarray(0, 200);
    const inside = concat(MAGIC, MAGIC, lying, MAGIC, real);
    const candidates = findImages(inside);
    expect(candidates.map(({ crcOk }) => crcOk)).toContain(true);
    expect(chooseImage(candidates)?.offset).toBe(inside.length - real.length);
  });

  test('no image: random bytes, bare magics, a superblock with nothing in it', () => {
    expect(findImages(new Uint8Array(0))).toEqual([]);
    expect(findImages(noise(100_000))).toEqual([]);
    expect(findImages(concat(MAGIC, noise(200), MAGIC))).toEqual([]);
    expect(findImages(image({ root: { mode: 0o100644 } }))).toEqual([]);
    expect(findImages(image({ signature: '', root: { size: 0 }, crc: 0 }))).toEqual([]);
  });

  test('thousands of lying superblocks', () => {
    const head = image({ size: 2 ** 20, crc: 5 }).subarray(0, 128);
    const blob = concat(...Array.from({ length: 2 ** 14 }, () => head));
    expect(findImages(blob).length).toBeGreaterThan(1000);
  });

  test('chooseImage prefers a right CRC, then a sound root', () => {
    const broken = image({ crc: 1, root: { size: 3 } });
    const doubtful = image({ crc: 1 }, 2);
    expect(chooseImage(findImages(concat(broken, doubtful)))?.offset).toBe(broken.length);
    expect(chooseImage(findImages(broken))?.offset).toBe(0);
    expect(chooseImage(findImages(noise(100)))).toBeUndefined();
    const sound = image();
    fixCrc(sound);
    expect(chooseImage(findImages(concat(doubtful, sound)))?.offset).toBe(doubtful.length);
  });
});
