import { isCramfsError } from 'cramfs-format';
import { describe, expect, test } from 'vitest';
import {
  buildRawImage,
  concat,
  directory,
  file,
  noise,
  text,
  type RawBlock,
  type RawImageOptions,
  type RawNode,
} from '../../../test/helpers/raw-image.js';
import { openImage } from './image.js';
import type { DirectMapRequest, DirectMapResult } from './map-request.js';
import { directMap, usesPhysmemOperations } from './mappability.js';

const PAGE = 4096;
const ROM = 0x0800_0000;

/** A file of noise with blocks of these kinds, the first one at the start of a page. */
function aligned(size: number, kinds: string, tail?: 'zero' | 'junk'): RawNode {
  const blocks = Array.from(kinds, (kind, index): RawBlock => {
    return {
      kind: kind as RawBlock['kind'],
      align: kind === 'D' && index === 0 ? PAGE : 4,
      tail: index === kinds.length - 1 ? tail : undefined,
    };
  });
  return file(noise(size), { blocks });
}

/** Maps the file `f`, as a whole unless `request` says otherwise. */
function map(
  node: RawNode,
  request: Partial<DirectMapRequest> = {},
  options: RawImageOptions = {},
): DirectMapResult {
  const { bytes } = buildRawImage(
    [
      ['f', node],
      ['next', file(text(9))],
    ],
    options,
  );
  const image = openImage(bytes, { blockSize: PAGE });
  const inode = image.lookup('/f');
  return directMap(image, inode, {
    pgoff: 0,
    pages: Math.max(1, Math.ceil(inode.size / PAGE)),
    pageSize: PAGE,
    physAddr: ROM,
    mmu: true,
    ...request,
  });
}

describe('with an MMU', () => {
  const three = aligned(3 * PAGE, 'DDD');
  const whole = { pages: 3, imageOffset: PAGE, run: 3, lastPageShared: false };

  test.each(['little', 'big'] as const)('a run of whole pages maps, %s endian', (endianness) => {
    expect(map(three, {}, { endianness })).toEqual(whole);
  });

  test('a part of it, and a request that is longer than the file', () => {
    expect(map(three, { pgoff: 1, pages: 1 })).toEqual({
      pages: 1,
      imageOffset: 2 * PAGE,
      run: 1,
      lastPageShared: false,
    });
    expect(map(three, { pages: 10 })).toEqual(whole);
    expect(map(three, { pgoff: 2, pages: 10 })).toMatchObject({ pages: 1, imageOffset: 3 * PAGE });
  });

  test('only the first run counts', () => {
    const gap = file(noise(4 * PAGE), {
      blocks: [{ kind: 'D', align: PAGE }, 'D', { kind: 'D', gap: 1, align: PAGE }, 'D'],
    });
    expect(map(gap)).toMatchObject({ pages: 2, run: 2 });
    expect(map(gap, { pgoff: 2, pages: 2 })).toMatchObject({ pages: 2, imageOffset: 4 * PAGE });
    expect(map(aligned(3 * PAGE, 'DDZ'))).toMatchObject({ pages: 2, run: 2 });
  });

  test('pointers after the table are another file’s, even if they go on', () => {
    const { bytes } = buildRawImage([
      ['f', file(noise(PAGE), { blocks: [{ kind: 'D', at: 2 * PAGE }] })],
      ['g', file(noise(PAGE), { blocks: [{ kind: 'D', at: 3 * PAGE }] })],
    ]);
    const image = openImage(bytes);
    const request = { pgoff: 0, pages: 2, pageSize: PAGE, physAddr: ROM, mmu: true };
    expect(directMap(image, image.lookup('/f'), request)).toMatchObject({ pages: 1, run: 1 });
  });

  test('the order of the bail-outs', () => {
    const none = { pages: 0, imageOffset: 0, run: 0, lastPageShared: false };
    const beyond = { pgoff: 3, pages: 1, physAddr: ROM + 4 };
    expect(map(three, { ...beyond, writable: true })).toEqual({
      ...none,
      bailout: 'vma is writable',
    });
    expect(map(three, beyond)).toEqual({ ...none, bailout: 'beyond file limit' });
    expect(map(aligned(PAGE, 'C'), { physAddr: ROM + 4 })).toEqual({
      ...none,
      runEnd: 'compressed or a hole',
      bailout: 'unsuitable block layout',
    });
    expect(map(three, { physAddr: ROM + 4 })).toEqual({
      ...none,
      imageOffset: PAGE,
      run: 3,
      bailout: 'data is not page aligned',
    });
    expect(map(aligned(10, 'D'))).toEqual({
      ...none,
      imageOffset: PAGE,
      run: 1,
      lastPageShared: true,
      bailout: 'no suitable block remaining',
    });
  });

  test('says why the run stops', () => {
    const gap = file(noise(2 * PAGE), { blocks: ['D', { kind: 'D', gap: 8 }] });
    expect(map(gap).runEnd).toBe('not contiguous');
    expect(map(gap, { pages: 1 }).runEnd).toBeUndefined();
    expect(map(aligned(2 * PAGE, 'DU')).runEnd).toBe('no direct pointer');
    expect(map(aligned(2 * PAGE, 'DH')).runEnd).toBe('compressed or a hole');
    expect(map(aligned(2 * PAGE, 'UD')).runEnd).toBe('no direct pointer');
    expect(map(aligned(2 * PAGE, 'DD'), { pages: 3 }).runEnd).toBeUndefined();
  });

  test.each(['C', 'U', 'Z'])('a first block %s does not suit', (kind) => {
    expect(map(aligned(PAGE + 1, `${kind}D`)).bailout).toBe('unsuitable block layout');
  });

  test('a run at image offset 0 does not suit', () => {
    const pointer = file(noise(PAGE), { blocks: [{ kind: 'D', pointer: 0xc0000000 }] });
    expect(map(pointer).bailout).toBe('unsuitable block layout');
  });

  test('alignment is that of the address, not of the offset', () => {
    const odd = file(noise(2 * PAGE), { blocks: [{ kind: 'D', align: PAGE, phase: 1024 }, 'D'] });
    expect(map(odd).bailout).toBe('data is not page aligned');
    expect(map(odd, { physAddr: ROM + 3072 })).toMatchObject({ pages: 2 });
  });

  test('an empty file, and one without data by its inode number', () => {
    expect(map(file('')).bailout).toBe('beyond file limit');
    expect(map(file('', { inode: { size: 100 } })).bailout).toBe('beyond file limit');
  });

  describe('the last page', () => {
    test.each([
      ['zero', 2, false],
      ['junk', 1, true],
      // The next file's pointer table follows.
      [undefined, 1, true],
    ] as const)('tail: %s', (tail, pages, lastPageShared) => {
      expect(map(aligned(PAGE + 10, 'DD', tail))).toMatchObject({ pages, lastPageShared });
    });

    test('is only looked at by a mapping that reaches it', () => {
      const node = aligned(2 * PAGE + 10, 'DDD', 'junk');
      expect(map(node, { pages: 2 })).toMatchObject({ pages: 2, lastPageShared: false });
      expect(map(node, { pages: 3 })).toMatchObject({ pages: 2, lastPageShared: true });
      expect(map(node, { pgoff: 2, pages: 1 }).bailout).toBe('no suitable block remaining');
    });

    test('bytes after the end of the input are zero', () => {
      const { bytes, placed } = buildRawImage({ f: aligned(PAGE + 10, 'DD') }, { roundTo: 4 });
      const image = openImage(bytes);
      expect(placed.get('/f')!.blocks[1]!.start + 12).toBe(bytes.length);
      expect(
        directMap(image, image.lookup('/f'), {
          pgoff: 0,
          pages: 2,
          pageSize: PAGE,
          physAddr: ROM,
          mmu: true,
        }),
      ).toMatchObject({ pages: 2, lastPageShared: false });
    });
  });
});

describe('without an MMU', () => {
  const nommu = { mmu: false } as const;

  test('all pages or none; neither alignment nor the tail counts', () => {
    const odd = file(noise(PAGE + 10), { blocks: [{ kind: 'D', align: PAGE, phase: 8 }, 'D'] });
    expect(map(odd, { ...nommu, physAddr: ROM + 4 })).toEqual({
      pages: 2,
      imageOffset: PAGE + 8,
      run: 2,
      lastPageShared: false,
    });
    expect(map(aligned(3 * PAGE, 'DDZ'), nommu)).toEqual({
      pages: 0,
      imageOffset: PAGE,
      run: 2,
      runEnd: 'compressed or a hole',
      lastPageShared: false,
      bailout: 'unsuitable block layout',
      errno: 'ENOSYS',
    });
    expect(map(aligned(3 * PAGE, 'DDZ'), { ...nommu, pages: 2 })).toMatchObject({ pages: 2 });
  });

  test('a request longer than the file is EINVAL', () => {
    const two = aligned(PAGE + 10, 'DD');
    const beyond = { pages: 0, bailout: 'beyond file limit', errno: 'EINVAL' };
    expect(map(two, { ...nommu, pages: 3 })).toMatchObject(beyond);
    expect(map(two, { ...nommu, pgoff: 1, pages: 2 })).toMatchObject(beyond);
    expect(map(two, { ...nommu, pgoff: 9, pages: 1 })).toMatchObject(beyond);
  });

  test('a writable mapping never asks for an address in ROM', () => {
    const result = map(aligned(PAGE, 'D'), { ...nommu, writable: true });
    expect(result).toMatchObject({ pages: 0, bailout: 'vma is writable' });
    expect(result.errno).toBeUndefined();
  });
});

test('other page sizes, in an image of such blocks', () => {
  const { bytes } = buildRawImage(
    {
      f: file(noise(3 * 16384 - 5), {
        blocks: [{ kind: 'D', align: 16384, tail: 'zero' }, 'D', 'D'],
      }),
    },
    { blockSize: 16384 },
  );
  const image = openImage(bytes, { blockSize: 16384 });
  const request = { pgoff: 0, pages: 3, physAddr: ROM, mmu: true };
  const inode = image.lookup('/f');
  expect(directMap(image, inode, { ...request, pageSize: 16384 })).toMatchObject({ pages: 3 });
  // A kernel with smaller pages takes the second pointer for a block that does not follow.
  expect(directMap(image, inode, { ...request, pageSize: 4096 })).toMatchObject({ pages: 1 });
});

test('pointers outside the image are not blocks', () => {
  const { bytes } = buildRawImage({ f: aligned(PAGE, 'D') });
  const image = openImage(bytes);
  const inode = { ...image.root, ino: bytes.length - 4, size: 2 ** 24 - 1 };
  const request = { pgoff: 0, pages: 4096, pageSize: PAGE, physAddr: ROM, mmu: true };
  expect(directMap(image, inode, request).bailout).toBe('unsuitable block layout');
});

test.each([
  { pgoff: -1 },
  { pgoff: 0.5 },
  { pages: 0 },
  { pages: NaN },
  { pageSize: 5000 },
  { pageSize: 0 },
  { physAddr: -4096 },
])('a request that no kernel can make: %j', (request) => {
  let thrown: unknown;
  try {
    map(aligned(PAGE, 'D'), request);
  } catch (error) {
    thrown = error;
  }
  expect(isCramfsError(thrown, 'BAD_REQUEST')).toBe(true);
});

test('the operations that map need the flag and a bus address', () => {
  const flagged = openImage(buildRawImage({ f: aligned(PAGE, 'D') }).bytes);
  const plain = openImage(buildRawImage({ d: directory(), f: file(concat(text(9))) }).bytes);
  expect(usesPhysmemOperations(flagged, ROM)).toBe(true);
  expect(usesPhysmemOperations(flagged, 0)).toBe(false);
  expect(usesPhysmemOperations(plain, ROM)).toBe(false);
});
