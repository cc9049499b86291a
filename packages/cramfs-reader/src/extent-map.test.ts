import { describe, expect, test } from 'vitest';
import {
  buildDialectImage,
  stickyExtent,
  type DialectDirectory,
} from '../../../test/helpers/dialect-images.js';
import { noise } from '../../../test/helpers/raw-image.js';
import { explainFile } from './explain.js';
import { openImage } from './image.js';
import type { DirectMapRequest } from './map-request.js';
import { directMap, usesPhysmemOperations } from './mappability.js';

const PAGE = 4096;
const ROM = 0x0800_0000;
const TREE: DialectDirectory = {
  a: { mode: 0o101755, content: noise(2 * PAGE + 100) },
  b: { mode: 0o101755, content: noise(3 * PAGE) },
};
const PLAIN: DialectDirectory = { ...TREE, c: { mode: 0o100644, content: noise(50) } };

const linear = openImage(buildDialectImage(PLAIN, { extent: stickyExtent }));
const azure = openImage(buildDialectImage(TREE, { flags: 0x803, extent: stickyExtent }));

function map(image: typeof linear, path: string, request: Partial<DirectMapRequest> = {}) {
  const inode = image.lookup(path);
  const pages = Math.ceil(inode.size / PAGE);
  return directMap(image, inode, {
    pgoff: 0,
    pages,
    pageSize: PAGE,
    physAddr: ROM,
    mmu: true,
    ...request,
  });
}

test('the images are of these dialects', () => {
  expect([linear, azure].map(({ dialectName }) => dialectName)).toEqual(['linear-xip', 'asxipfs']);
  for (const image of [linear, azure]) {
    expect([ROM, 0].map((at) => usesPhysmemOperations(image, at))).toEqual([true, false]);
  }
});

describe.each([
  ['linear XIP', linear],
  ['ASXipFS', azure],
] as const)('%s', (_, image) => {
  test('a file is mapped as a whole, with a last page that others share', () => {
    const [a, b] = [map(image, '/a'), map(image, '/b')];
    expect(a).toMatchObject({ pages: 3, imageOffset: PAGE, lastPageShared: false });
    expect(b).toMatchObject({ pages: 3, imageOffset: 4 * PAGE });
    expect(image.bytes.subarray(b.imageOffset, b.imageOffset + 9)).toEqual(noise(9));
    expect(a.bailout).toBeUndefined();
  });

  test('without an MMU nothing is', () => {
    expect(map(image, '/a', { mmu: false })).toMatchObject({
      pages: 0,
      errno: 'ENOSYS',
      bailout: 'without an MMU this kernel copies files',
    });
  });

  test('parts outside the image are reported', () => {
    const inode = { ...image.lookup('/b'), dataOffset: image.size - PAGE };
    const request = { pgoff: 0, pages: 3, pageSize: PAGE, physAddr: ROM, mmu: true };
    expect(directMap(image, inode, request).outside).toMatchObject({ what: 'blocks', block: 1 });
  });

  test('the address must be a whole page', () => {
    const explain = (physAddr: number) =>
      explainFile(image, image.lookup('/a'), { pageSize: PAGE, physAddr, mmu: true });
    expect(explain(ROM)).toMatchObject({ directPages: 3, ramPages: 0, reason: undefined });
    expect(explain(ROM + 2048)).toMatchObject({ directPages: 0, ramPages: 3 });
    expect(explain(ROM + 2048).reason).toMatch(/mounts an image only at a whole page$/);
  });
});

test('the linear patches cut a length to the size of the file, wherever it starts', () => {
  expect(map(linear, '/a', { pgoff: 2, pages: 9 })).toMatchObject({
    pages: 3,
    imageOffset: 3 * PAGE,
  });
  expect(map(azure, '/a', { pgoff: 2, pages: 9 }).pages).toBe(1);
  expect(map(azure, '/a', { pgoff: 3, pages: 1 }).bailout).toBe('beyond file limit');
});

test('writable areas are mapped by ASXipFS alone', () => {
  expect(map(linear, '/a', { writable: true }).bailout).toBe('vma is writable');
  expect(map(azure, '/a', { writable: true }).pages).toBe(3);
});

test('files without the sticky bit are not in one piece', () => {
  expect(map(linear, '/c')).toMatchObject({ pages: 0, bailout: 'the file is not sticky' });
});

test('the tail says whether another file is seen', () => {
  const tail = (path: string): string =>
    explainFile(linear, linear.lookup(path), { pageSize: PAGE, physAddr: ROM, mmu: true }).tail;
  expect([tail('/a'), tail('/b'), tail('/c')]).toEqual(['zero-padded', 'full', 'none']);
});
