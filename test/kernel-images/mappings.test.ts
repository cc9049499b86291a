import { directMap, explainFile, openImage, type CramfsImage } from 'cramfs-reader';
import { describe, expect, test } from 'vitest';
import {
  KERNEL_IMAGES,
  ROM_ADDRESS,
  kernelImage,
  recordedMappings,
  type KernelImageName,
  type RecordedMapping,
} from '../helpers/kernel-images.js';

const PAGE = 4096;
const images = new Map<KernelImageName, CramfsImage>(
  KERNEL_IMAGES.map((name) => [name, openImage(kernelImage(name))]),
);

function run(mapping: RecordedMapping): ReturnType<typeof directMap> {
  const image = images.get(mapping.image)!;
  return directMap(image, image.lookup(mapping.path), {
    pgoff: mapping.pgoff,
    pages: mapping.pages,
    pageSize: PAGE,
    physAddr: ROM_ADDRESS,
    mmu: mapping.mode === 'mmu',
    writable: mapping.writable,
  });
}

describe('directMap agrees with what Linux 6.12 mapped', () => {
  const mappings = recordedMappings();

  test('with an MMU: the same pages, at the same place in ROM', () => {
    const recorded = mappings.filter((mapping) => mapping.mode === 'mmu');
    expect(recorded.length).toBeGreaterThan(100);
    expect(recorded.filter(({ rom }) => rom.length > 0).length).toBeGreaterThan(50);
    for (const mapping of recorded) {
      const { pages, imageOffset, bailout } = run(mapping);
      const rom = Array.from({ length: pages }, (_, page) => imageOffset + page * PAGE);
      expect(rom, JSON.stringify(mapping)).toEqual(mapping.rom);
      expect(bailout === undefined, JSON.stringify(mapping)).toBe(pages > 0);
    }
  });

  test('without an MMU: in ROM at the same place, copied, or refused', () => {
    const recorded = mappings.filter((mapping) => mapping.mode === 'nommu');
    expect(recorded.length).toBeGreaterThan(200);
    for (const mapping of recorded) {
      const { pages, imageOffset, errno } = run(mapping);
      const result = pages > 0 ? imageOffset : errno === 'EINVAL' ? errno : 'copy';
      expect(result, JSON.stringify(mapping)).toBe(mapping.result);
      expect(pages, JSON.stringify(mapping)).toBe(
        typeof mapping.result === 'number' ? mapping.pages : 0,
      );
    }
  });
});

describe('explainFile', () => {
  const image = images.get('basic')!;
  const explain = (path: string, mmu = true): ReturnType<typeof explainFile> =>
    explainFile(image, image.lookup(path), { pageSize: PAGE, physAddr: ROM_ADDRESS, mmu });

  test.each([
    ['/direct-8p-exact', 8, 8, 'full', undefined],
    ['/direct-7p-zerotail', 7, 7, 'zero-padded', undefined],
    ['/direct-5p-sharedtail', 5, 4, 'shared', 'last page is shared'],
    ['/direct-1p-sharedtail', 1, 0, 'shared', 'no suitable block remaining'],
    ['/unaligned8-4p', 4, 0, 'zero-padded', 'data is not page aligned'],
    ['/gap-6p', 6, 3, 'none', 'block 3 does not follow the block before it'],
    ['/first2direct-then-C-6p', 6, 2, 'none', 'block 2 is compressed or a hole'],
    ['/DU-5p', 5, 2, 'none', 'block 2 has no direct pointer'],
    ['/allU-4p', 4, 0, 'none', 'unsuitable block layout'],
    ['/size0', 0, 0, 'none', undefined],
  ] as const)('%s', (path, pages, directPages, tail, reason) => {
    const found = explain(path);
    expect(found).toMatchObject({ pages, directPages, tail, ramPages: pages - directPages });
    expect(found.reason).toBe(reason);
    expect(found.romStart === undefined).toBe(directPages === 0);
    if (found.romStart !== undefined) {
      expect(found.romEnd).toBe(found.romStart + directPages * PAGE);
    }
  });

  test('without an MMU neither alignment nor tail matters, but the whole layout does', () => {
    expect(explain('/unaligned8-4p', false)).toMatchObject({
      directPages: 4,
      romStart: ROM_ADDRESS + 126984,
      reason: undefined,
    });
    expect(explain('/direct-5p-sharedtail', false)).toMatchObject({
      directPages: 5,
      tail: 'shared',
    });
    expect(explain('/gap-6p', false)).toMatchObject({
      directPages: 0,
      ramPages: 6,
      reason: 'block 3 does not follow the block before it',
    });
  });

  test('the segments of a program whose text is direct', () => {
    const { segments } = explain('/bin/xpie');
    expect(segments?.length).toBeGreaterThan(1);
    const text = segments?.find(({ flags }) => (flags & 1) !== 0);
    expect(text?.directPages).toBe(text?.pages);
    const data = segments?.find(({ flags }) => (flags & 2) !== 0);
    expect(data).toMatchObject({ directPages: 0, reason: 'vma is writable' });
    expect(explain('/direct-8p-exact').segments).toBeUndefined();
  });
});
