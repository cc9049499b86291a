import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openImage, type CramfsImage } from 'cramfs-reader';
import { applyDeviceTable, applyOwnership, buildImageBytes } from 'mkcramfs';
import { readDirectorySource } from 'mkcramfs/node';
import { Machine } from 'xip-emu';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Loaders } from '#cli/commands/map/loaders.js';
import { MappabilityReport } from '#cli/commands/map/report.js';
import { simulationText } from '#cli/commands/map/simulation-text.js';
import { filesBelow } from '#cli/commands/map/files-below.js';
import { simulateReport, type Simulation } from '#cli/commands/map/simulate.js';
import { layoutOptions, trees } from '../helpers/arbitrary-trees.js';
import { elfFile } from '../helpers/elf-builder.js';
import { KERNEL_IMAGES, ROM_ADDRESS, kernelImage } from '../helpers/kernel-images.js';
import { buildRawImage, file, noise, type RawBlockKind } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson } from './run-cli.js';

/** Maps everything in the emulator, and statically. */
function simulate(image: CramfsImage, physAddr = ROM_ADDRESS): Simulation {
  const kernels = ['mmu', 'nommu'] as const;
  const fail = (error: unknown): never => {
    throw error;
  };
  const loaders = new Loaders(image);
  const target = { pageSize: 4096, physAddr, kernels, loaders };
  return simulateReport(
    new MappabilityReport(image, target, filesBelow(image, image.root, '', fail)),
  );
}

describe('the emulator maps what the static answer says', () => {
  test.each(KERNEL_IMAGES)('image %s, which Linux has mapped', (name) => {
    for (const physAddr of [ROM_ADDRESS, ROM_ADDRESS + 8, 0x80001000]) {
      const { mappings, disagreements } = simulate(openImage(kernelImage(name)), physAddr);
      expect(mappings).toBeGreaterThan(40);
      expect(disagreements).toEqual([]);
    }
  });

  test.each([
    ['little', 'mmu'],
    ['big', 'mmu'],
    ['little', 'nommu'],
    ['big', 'nommu'],
  ] as const)('the samples, %s-endian, --xip=%s', async (endianness, mode) => {
    const samples = new URL('../../samples/', import.meta.url);
    const onProblem = (): void => undefined;
    const root = readDirectorySource(fileURLToPath(new URL('rootfs', samples)), { onProblem });
    applyOwnership(root, { squash: true });
    const table = readFileSync(new URL('device-table.txt', samples), 'latin1');
    applyDeviceTable(root, table, { file: 'device-table.txt' });
    const include = (path: string): boolean => path.endsWith('.tab');
    const built = await buildImageBytes(root, { endianness, xip: { mode, include }, onProblem });
    const { mappings, disagreements } = simulate(openImage(built.image));
    expect(mappings).toBeGreaterThan(50);
    expect(disagreements).toEqual([]);
  });

  test('random trees, built with every layout of ours', async () => {
    await fc.assert(
      fc.asyncProperty(trees(4096), layoutOptions, async (root, options) => {
        const onProblem = (): void => undefined;
        const { image } = await buildImageBytes(root, { ...options, blockSize: 4096, onProblem });
        expect(simulate(openImage(image, { blockSize: 4096 })).disagreements).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('random block pointers, such as no builder makes', () => {
    const kinds = fc.constantFrom<RawBlockKind>('C', 'U', 'H', 'D', 'D', 'D', 'Z', 'z');
    const blocks = fc.array(
      fc.record({
        kind: kinds,
        align: fc.constantFrom(4, 4096, 4096),
        phase: fc.constantFrom(0, 0, 8),
      }),
      { minLength: 1, maxLength: 8 },
    );
    const ends = fc.record({
      length: fc.integer({ min: 1, max: 4096 }),
      tail: fc.constantFrom('zero', 'junk', undefined),
    });
    const files = fc.array(fc.tuple(blocks, ends), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(files, (list) => {
        const tree = list.map(([of, { length, tail }], index) => {
          const last = of.length - 1;
          const placed = of.map((block, at) => ({
            ...block,
            tail: at === last ? tail : undefined,
          }));
          return [`f${index}`, file(randomContent(of, length, index), { blocks: placed })] as const;
        });
        const { bytes } = buildRawImage(tree, { flags: 0x803 });
        expect(simulate(openImage(bytes, { blockSize: 4096 })).disagreements).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

/** Noise, but zeros where a block holds no data of its own. */
function randomContent(
  blocks: readonly { readonly kind: RawBlockKind }[],
  last: number,
  seed: number,
): Uint8Array {
  const content = noise((blocks.length - 1) * 4096 + last, seed + 1);
  for (const [index, { kind }] of blocks.entries()) {
    if (kind === 'H' || kind === 'z') content.fill(0, index * 4096, (index + 1) * 4096);
  }
  return content;
}

describe('names that share their pointers', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('are mapped once for each kernel, and each is told of', () => {
    const NAMES = 150;
    const tree = Array.from({ length: NAMES }, (_, index) => {
      const content = noise(6 * 4096 - 3);
      const node = file(content, { blocks: 'DDDDDC' });
      return [`f${index}`, index === 0 ? node : file('', { sameAs: '/f0', uid: index })] as const;
    });
    const spawn = vi.spyOn(Machine.prototype, 'spawn');
    const { mappings, disagreements } = simulate(openImage(buildRawImage(tree).bytes));
    expect([mappings, disagreements]).toEqual([2 * NAMES, []]);
    expect(spawn).toHaveBeenCalledTimes(2);
  });
});

test('a static answer that is wrong is told', () => {
  const { bytes } = buildRawImage({ a: file(noise(8192), { blocks: 'CC' }) }, { flags: 0x803 });
  const image = openImage(bytes);
  const loaders = new Loaders(image);
  const target = { pageSize: 4096, physAddr: ROM_ADDRESS, kernels: ['mmu'] as const, loaders };
  const selected = [{ path: '/a', inode: image.lookup('/a') }];
  const report = new MappabilityReport(image, target, selected);
  const [mapped] = report.files();
  mapped!.ranges.mmu = { ...mapped!.ranges.mmu!, ramPages: 1 };
  const simulation = simulateReport(report);
  expect(simulation.disagreements).toMatchObject([
    { path: '/a', what: 'file', kernel: 'mmu', simulated: { directPages: 0, ramPages: 2 } },
  ]);
  expect(simulationText(simulation)).toBe(
    '/a: file, with MMU: expected 0 direct and 1 in RAM, simulated 0 direct and 2 in RAM\n' +
      'simulated: 1 mapping, 1 not matching\n',
  );
});

describe('map --simulate', () => {
  const folder = new Folder();
  const program = elfFile(
    32,
    true,
    [
      { flags: 5, offset: 0, filesz: 8000 },
      { flags: 6, offset: 8192, filesz: 1000 },
    ],
    noise(9192, 3),
  );

  function image(): string {
    const blocks = [{ kind: 'D', align: 4096 } as const, 'D' as const, 'C' as const];
    const tree = { prog: file(program, { blocks }) };
    return folder.write('a.img', buildRawImage(tree, { flags: 0x803 }).bytes);
  }

  test('adds a line to the table, and an object to the JSON', async () => {
    const { code, stdout } = await cramfs(['map', image(), '--simulate']);
    expect(code).toBe(0);
    // The file and two segments with an MMU; without one the program is copied.
    expect(stdout).toMatch(/\nsimulated: 3 mappings, all match\n$/);
    const one = await cramfsJson(['map', image(), '--simulate', '--mmu']);
    expect(one).toMatchObject({ simulation: { ok: true, mappings: 3, disagreements: [] } });
  });

  test('goes with --require', async () => {
    const { code, stdout } = await cramfs(['map', image(), '--simulate', '--require', 'prog']);
    expect([code, stdout]).toEqual([0, 'simulated: 3 mappings, all match\n']);
  });

  test("has pages of the image's blocks, and no others", async () => {
    const { bytes } = buildRawImage({ a: file('x') }, { flags: 0x803 });
    const path = folder.write('b.img', bytes);
    const fits = await cramfs(['map', path, '-b', '16384', '--simulate']);
    expect([fits.code, fits.stderr]).toEqual([0, '']);
    const { code, stderr } = await cramfs([
      'map',
      path,
      '-b',
      '4096',
      '--page-size',
      '64K',
      '--simulate',
    ]);
    expect([code, stderr]).toEqual([
      8,
      `cramfs: ${path}: the image has blocks of 4096 bytes: a kernel with pages of 65536 bytes misreads it\n`,
    ]);
  });
});
