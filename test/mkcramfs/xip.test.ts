import { directMap, openImage } from 'cramfs-reader';
import { buildImageBytes, type BuildOptions, type DirectoryEntry, type FileEntry } from 'mkcramfs';
import { expect, test } from 'vitest';
import { elfFile } from '../helpers/elf-builder.js';
import { directory, file, noise, prose } from '../helpers/trees.js';

const PAGE = 4096;
const ROM = 0x2200_0000;

/** Pages of `path` that Linux would map from ROM, for `pages` from `pgoff` on. */
async function mapped(
  root: DirectoryEntry,
  options: BuildOptions,
  path: string,
  { mmu = true, pgoff = 0, pages = -1 } = {},
) {
  const { image: bytes, report } = await buildImageBytes(root, options);
  const image = openImage(bytes);
  const inode = image.lookup(path);
  const all = Math.ceil(inode.size / PAGE);
  const request = { pgoff, pages: pages < 0 ? all : pages, pageSize: PAGE, physAddr: ROM, mmu };
  return { ...directMap(image, inode, request), size: bytes.length, report };
}

const whole = (tail: 'pad' | 'share' | 'auto', mode: 'mmu' | 'nommu' = 'mmu'): BuildOptions => ({
  xip: { mode, include: (path) => path.startsWith('/rom'), tail: () => tail },
});

test('a whole file in place maps to its padded last page', async () => {
  const root = directory({ rom: file(noise(2 * PAGE + 100, 1)), other: file(noise(300, 2)) });
  const result = await mapped(root, whole('pad'), '/rom');
  expect(result).toMatchObject({ pages: 3, lastPageShared: false });
  expect(result.report.entries.find(({ path }) => path === '/rom')!.xip).toEqual({
    pages: 3,
    padding: PAGE - 100,
    tail: 'padded',
    cost: undefined,
  });
});

test('tail=share puts other data after the file, which costs its last page', async () => {
  const others = [1, 2].map((seed): [string, FileEntry] => [`o${seed}`, file(noise(3000, seed))]);
  const root = directory({
    rom: file(noise(2 * PAGE + 100, 1)),
    ...Object.fromEntries(others),
  });
  const result = await mapped(root, whole('share'), '/rom');
  expect(result).toMatchObject({ pages: 2, lastPageShared: true });
  expect(result.report.entries.find(({ path }) => path === '/rom')!.xip?.tail).toBe('shared');
  const padded = await mapped(root, whole('pad'), '/rom');
  expect(padded.size - result.size).toBe(PAGE);
});

test('tail=auto pads when that costs less than half a page', async () => {
  const root = (tail: number) =>
    directory({ rom: file(noise(PAGE + tail, 1)), other: file(noise(1000, 2)) });
  expect(await mapped(root(3000), whole('auto'), '/rom')).toMatchObject({ pages: 2 });
  expect(await mapped(root(1000), whole('auto'), '/rom')).toMatchObject({ pages: 1 });
});

test('alignment is paid once for the region, not per file', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `rom${index}`);
  const root = directory(
    Object.fromEntries(names.map((name, index) => [name, file(noise(2 * PAGE - 8, index))])),
  );
  const { size } = await mapped(root, whole('pad'), '/rom0');
  expect(size).toBe(2 * PAGE * 40 + PAGE);
});

test('without MMU a run starts at a multiple of eight and maps as a whole', async () => {
  const root = directory({ rom1: file(noise(5000, 1)), rom2: file(noise(5000, 2)) });
  const result = await mapped(root, whole('auto', 'nommu'), '/rom2', { mmu: false });
  expect(result).toMatchObject({ pages: 2 });
  expect(result.imageOffset % 8).toBe(0);
  expect(result.imageOffset % PAGE).not.toBe(0);
  expect(await mapped(root, whole('auto', 'nommu'), '/rom2')).toMatchObject({
    pages: 0,
    bailout: 'data is not page aligned',
  });
});

test('K1: the last page of a file of whole pages stays out of ROM, with a warning', async () => {
  const root = directory({ rom: file(noise(3 * PAGE, 1)) });
  const problems: string[] = [];
  const options = {
    ...whole('pad'),
    onProblem: ({ message }: { message: string }) => void problems.push(message),
  };
  expect(await mapped(root, options, '/rom')).toMatchObject({ pages: 2 });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain('K1');
});

test.each([
  [32, true],
  [32, false],
  [64, true],
  [64, false],
] as const)(
  'read-only segments of ELF%i (little-endian: %s) run in place',
  async (bits, little) => {
    const segments = [
      { flags: 4, offset: 0, filesz: 1000 },
      { flags: 5, offset: PAGE, filesz: 2 * PAGE + 10 },
      { flags: 6, offset: 5 * PAGE, filesz: PAGE },
    ];
    const program = elfFile(bits, little, segments, prose(8 * PAGE + 5, 1));
    const root = directory({ program: file(program, { mode: 0o755 }) });
    const options: BuildOptions = { xip: { mode: 'mmu' } };
    expect(await mapped(root, options, '/program', { pages: 4 })).toMatchObject({ pages: 4 });
    expect(await mapped(root, options, '/program', { pgoff: 4, pages: 1 })).toMatchObject({
      pages: 0,
      bailout: 'unsuitable block layout',
    });
  },
);

test('object files and core dumps are not programs', async () => {
  for (const type of [1, 4]) {
    const bytes = elfFile(32, true, [{ flags: 5, offset: 0, filesz: PAGE }], prose(9000, 1), type);
    const { report } = await buildImageBytes(directory({ o: file(bytes) }), {
      xip: { mode: 'mmu' },
    });
    expect(report.xipBytes).toBe(0);
  }
});

test('exclude wins over include, the sticky bit counts when asked', async () => {
  const root = directory({ rom: file(noise(9000, 1)), s: file(noise(9000, 2), { mode: 0o1755 }) });
  const pages = async (xip: BuildOptions['xip']) =>
    (await buildImageBytes(root, { ...(xip && { xip }) })).report.entries.map(
      ({ xip: entry }) => entry?.pages ?? 0,
    );
  expect(await pages({ mode: 'mmu', include: () => true, exclude: (p) => p === '/rom' })).toEqual([
    0, 3,
  ]);
  expect(await pages({ mode: 'mmu' })).toEqual([0, 0]);
  expect(await pages({ mode: 'mmu', sticky: true })).toEqual([0, 3]);
});

test('the cost of XIP is what compression would have saved', async () => {
  const root = directory({ rom: file(prose(4 * PAGE, 1).slice(0, 3 * PAGE + 9)) });
  const { report } = await buildImageBytes(root, { ...whole('pad'), measureXipCost: true });
  const plain = await buildImageBytes(root, { extendedPointers: true });
  const compressed = plain.report.entries[0]!.stored - 4 * 4;
  const { cost } = report.entries[0]!.xip!;
  expect(Math.abs(4 * PAGE - cost! - compressed)).toBeLessThan(4);
});
