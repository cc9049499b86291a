import fc from 'fast-check';
import { openImage } from 'cramfs-reader';
import { buildImageBytes } from 'mkcramfs';
import { expect, test } from 'vitest';
import { layoutOptions, trees } from '../helpers/arbitrary-trees.js';
import { directory, file, noise, prose } from '../helpers/trees.js';

const PAGE = 4096;

test('equal files with equal owners share their data, others do not (K2)', async () => {
  const bytes = noise(50_000, 1);
  const root = directory({
    a: file(bytes),
    b: file(bytes.slice()),
    suid: file(bytes, { mode: 0o4755 }),
  });
  const { image: plain, report } = await buildImageBytes(root);
  const image = openImage(plain);
  const offset = (path: string): number => image.lookup(path).dataOffset;
  expect(offset('/b')).toBe(offset('/a'));
  expect(offset('/suid')).not.toBe(offset('/a'));
  expect(report.entries.map(({ sharedWith }) => sharedWith)).toEqual([undefined, '/a', undefined]);
  expect(plain.length).toBeGreaterThan(100_000);

  const { image: extended } = await buildImageBytes(root, { extendedPointers: true });
  expect(extended.length).toBeLessThan(60_000);
});

test('a file of many names is read once for each way to store it', async () => {
  const bytes = noise(10 * PAGE, 1);
  let reads = 0;
  const read = () => {
    reads += 1;
    return bytes;
  };
  const names = Array.from({ length: 100 }, (_, index) => `${index % 2 === 0 ? 'x' : 'n'}${index}`);
  const link = { ...file(bytes, { mode: 0o755 }), read };
  const root = directory(Object.fromEntries(names.map((name) => [name, { ...link }])));
  const include = (path: string) => path.startsWith('/x');
  const problems: string[] = [];
  const { image: built } = await buildImageBytes(root, {
    xip: { mode: 'mmu', include },
    onProblem: ({ path }) => problems.push(path),
  });
  expect(reads).toBe(2);
  // Every name that asks to be in place has a last page that cannot be (K1).
  expect(problems).toHaveLength(50);
  const image = openImage(built);
  for (const name of names) {
    const inode = image.lookup(`/${name}`);
    expect(image.readFile(inode)).toEqual(bytes);
    expect(image.blocks(inode).some(({ direct }) => direct)).toBe(name.startsWith('x'));
  }
});

test('equal blocks inside different files are stored once with extended pointers', async () => {
  const common = prose(20 * PAGE, 1);
  const root = directory({
    one: file(Buffer.concat([common, noise(PAGE - 5, 2)])),
    two: file(Buffer.concat([noise(PAGE, 3), common, noise(100, 4)])),
  });
  const plain = await buildImageBytes(root);
  const shared = await buildImageBytes(root, { extendedPointers: true });
  expect(shared.report.dataBytes).toBeLessThan(0.65 * plain.report.dataBytes);
  const two = shared.report.entries.find(({ path }) => path === '/two')!;
  expect(two.blocks.shared).toBe(20);
});

test('equal programs of different owners share their run in ROM', async () => {
  const bytes = noise(10 * PAGE + 1, 1);
  const root = directory({ x: file(bytes, { mode: 0o755 }), y: file(bytes, { mode: 0o4755 }) });
  const { report } = await buildImageBytes(root, { xip: { mode: 'mmu', include: () => true } });
  expect(report.xipBytes).toBe(bytes.length);
});

test('extended pointers never make the data larger', async () => {
  const cases = layoutOptions.chain((options) =>
    fc.tuple(fc.constant(options), trees(options.blockSize)),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ([{ blockSize, holes = false }, root]) => {
      const plain = await buildImageBytes(root, { blockSize, holes });
      const extended = await buildImageBytes(root, { blockSize, holes, extendedPointers: true });
      expect(extended.report.dataBytes).toBeLessThanOrEqual(plain.report.dataBytes);
    }),
    { numRuns: 100 },
  );
});
