/**
 * Records of Debian's programs on ARM, against images of the same packages: see
 * test/fixtures/arm/README.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cramfs, cramfsJson } from '../cli/run-cli.js';
import {
  armTests,
  recordedAreas,
  recordedCachePages,
  type ArmTest,
  type RecordedArea,
} from '../helpers/arm-records.js';
import { copyTree, mergeUsr, treeObstacle, writeData } from '../helpers/debian-trees.js';

const ROM = 0x04000000;
const PHYS = ['--phys', `0x${ROM.toString(16)}`];
const DATA = ['--xip-include', '/data/*', '--xip-exclude', '/data/text'];

interface ExecResult {
  readonly areas: readonly {
    readonly start: string;
    readonly end: string;
    readonly permissions: string;
    readonly offset: number;
    readonly path: string | null;
    readonly vmFlags: string;
    readonly rss: number;
    readonly anonymous: number;
  }[];
  readonly total: { readonly atStart: { readonly cache: number } };
}

const folder = mkdtempSync(join(tmpdir(), 'debian-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Builds an image as the recorded one was. */
async function build(root: string, ...options: string[]): Promise<string> {
  const image = `${root}.img`;
  const { code, stderr } = await cramfs(['build', root, image, '--xip=mmu', '-q', ...options]);
  expect(code, stderr).toBe(0);
  return image;
}

async function exec(image: string, { command }: ArmTest, ...options: string[]) {
  const argv = command.split(' ').slice(1);
  return (await cramfsJson(['exec', image, ...PHYS, ...options, ...argv])) as ExecResult;
}

/** The lines of a record without a letter in front, as init64.c and some of init.c have them. */
function areasOf(recorded: ArmTest): RecordedArea[] {
  const lines = recorded.lines.map((line) => (/^[A-Z] /.test(line) ? line : `S ${line}`));
  return recordedAreas({ ...recorded, lines }, 'S');
}

/** Bytes that `busybox cat` maps for what it copies. */
const CAT_BUFFER = 65536;
/** What the kernel's own pages count, once the program has called into them. */
const KERNEL_PAGES = ['[vdso]', '[vvar]'];

function ownAreas({ areas }: ExecResult): RecordedArea[] {
  return areas.map(({ start, end, path, ...area }) => ({
    ...area,
    start: Number(start),
    end: Number(end),
    path: path ?? '',
  }));
}

/** What is mapped at each page. */
function byPage(areas: readonly RecordedArea[], withFlags: boolean): Map<number, string> {
  const pages = new Map<number, string>();
  for (const { start, end, permissions, offset, path, vmFlags } of areas) {
    const isFile = path.startsWith('/');
    // An area that is mapped by pfn has its address in ROM as its offset.
    for (let at = start; at < end; at += 4096) {
      const place = isFile ? `${path} ${(offset + at - start).toString(16)}` : 'anonymous';
      pages.set(at, `${place} ${permissions}${withFlags ? ` ${vmFlags}` : ''}`);
    }
  }
  return pages;
}

/** Bytes of the pages that `isMeant` picks. */
function bytesOf(pages: Iterable<string>, isMeant: (page: string) => boolean): number {
  return [...pages].filter(isMeant).length * 4096;
}

/** All pages of both, but for what the program does by running until it prints. */
function expectAreas(result: ExecResult, recorded: ArmTest): void {
  const kernel = areasOf(recorded);
  const own = ownAreas(result);
  const withSmaps = kernel.some(({ vmFlags }) => vmFlags !== undefined);
  const [kernelPages, ownPages] = [kernel, own].map((areas) => byPage(areas, withSmaps));
  const heap = kernel.find(({ path }) => path === '[heap]');
  const inHeap = (at: number): boolean => heap !== undefined && at >= heap.start && at < heap.end;
  const extra = [...kernelPages!].filter(([at]) => !ownPages!.has(at) && !inHeap(at));
  expect(extra.length * 4096, 'the buffer of cat').toBe(CAT_BUFFER);
  expect(new Set(extra.map(([, page]) => page.slice(0, 14)))).toEqual(new Set(['anonymous rw-p']));

  const differs = [...ownPages!].filter(([at, page]) => kernelPages!.get(at) !== page);
  const isStatic = recorded.command.includes('busybox-static');
  // The start-up code of a static program, which has no loader, protects its PT_GNU_RELRO.
  const protectedBytes = bytesOf(kernelPages!.values(), (page) => /^\/.* r--p/.test(page));
  expect(differs.length * 4096, JSON.stringify(differs.slice(0, 3))).toBe(
    isStatic ? protectedBytes : 0,
  );
  if (withSmaps && !isStatic) expectSmaps(own, kernel);
}

/** Rss and Anonymous of all areas, but for [vdso], [vvar], the zeros of libc and the buffer of cat. */
function expectSmaps(own: readonly RecordedArea[], kernel: readonly RecordedArea[]): void {
  const isLibc = (area: RecordedArea | undefined): boolean =>
    (area?.path ?? '').includes('/libc.so');
  const compared = kernel.filter((area, index) => {
    const isBuffer = area.path === '' && isLibc(kernel[index + 1]);
    const isZeros = area.path === '' && isLibc(kernel[index - 1]);
    return !isBuffer && !isZeros && !KERNEL_PAGES.includes(area.path);
  });
  expect(compared.length).toBeGreaterThan(kernel.length - 5);
  for (const { start, end, rss, anonymous } of compared) {
    expect(own.find((area) => area.start === start)).toMatchObject({ end, rss, anonymous });
  }
}

const armhf = treeObstacle('armhf');
describe.skipIf(armhf !== undefined)(
  `armhf busybox with an MMU${armhf ? ` (${armhf})` : ''}`,
  () => {
    const images: Record<string, string> = {};

    beforeAll(async () => {
      for (const name of ['mmu1', 'mmuu']) {
        const root = join(folder, name);
        copyTree('armhf', root);
        if (name === 'mmuu') mergeUsr(root);
        images[name] = await build(root);
      }
    });

    const records = ['mmu1', 'mmuu'].flatMap((record) =>
      armTests(record)
        .filter(({ lines }) => lines.some((line) => line.includes('/busybox')))
        .map((recorded) => ({ record, recorded, command: recorded.command })),
    );

    test('the records are those that are known', () => {
      expect(records).toHaveLength(4);
    });

    test.each(records)('$record: $command', async ({ record, recorded }) => {
      expectAreas(await exec(images[record]!, recorded), recorded);
    });

    test('mmuu: pages of the page cache', async () => {
      const tests = armTests('mmuu');
      const command = 'exec /bin/busybox true';
      const { total } = await exec(images['mmuu']!, { command, end: undefined, lines: [] });
      expect(total.atStart.cache).toBe(recordedCachePages(tests, command));
    });
  },
);

interface MappedFile {
  readonly path: string;
  readonly size: number;
  readonly pages: number;
  readonly mmu: {
    readonly directPages: number;
    readonly ramPages: number;
    readonly romStart: number;
  };
}

const arm64 = treeObstacle('arm64');
describe.skipIf(arm64 !== undefined)(`arm64 with 16 KiB pages${arm64 ? ` (${arm64})` : ''}`, () => {
  let image = '';
  let small = '';

  beforeAll(async () => {
    const root = join(folder, 'a16');
    copyTree('arm64', root);
    writeData(root);
    image = await build(root, '--page-size', '16384', ...DATA);
    const again = join(folder, 'a4');
    copyTree('arm64', again);
    writeData(again);
    small = await build(again, ...DATA);
  });

  const tests = armTests('a16');

  test.each(tests.filter(({ command }) => command.startsWith('map ')))(
    'a16: $command',
    async (recorded) => {
      const path = recorded.command.split(' ')[1]!;
      const json = await cramfsJson(['map', image, path, '--mmu', '--arch', 'arm64', ...PHYS]);
      const [{ size, pages, mmu }] = (json as { files: [MappedFile] }).files;
      const [area] = areasOf(recorded);
      expect(recorded.lines.join('\n')).toContain(` got ${size}`);
      expect(mmu.ramPages * 16384).toBe(area!.rss);
      const flags = area!.vmFlags!.split(' ');
      // Mapped by pfn as a whole, or mixed with pages of the page cache.
      expect(mmu.directPages === pages).toBe(flags.includes('pf'));
      expect(mmu.directPages > 0 && mmu.directPages < pages).toBe(flags.includes('mm'));
      // The place in ROM is that of the recorded image: it was laid out the same.
      if (flags.includes('pf')) expect(mmu.romStart).toBe(area!.offset);
    },
  );

  test('a16: the emulator maps the same', async () => {
    const { code, stdout } = await cramfs(['map', image, '--mmu', '--simulate', ...PHYS]);
    expect(stdout).toContain('all match');
    expect(code).toBe(0);
  });

  test.each(tests.filter(({ command }) => command.startsWith('exec ')))(
    'a16: $command',
    async (recorded) => {
      expectAreas(await exec(image, recorded), recorded);
    },
  );

  test.each(armTests('a4on16').filter(({ command }) => command.startsWith('map ')))(
    'a4on16, an image of 4 KiB blocks: $command',
    async (recorded) => {
      const path = recorded.command.split(' ')[1]!;
      const [area] = areasOf(recorded);
      const pages = (area!.end - area!.start) / 16384;
      const touches = Array.from({ length: pages }, (_, page) => ['--touch', String(page)]).flat();
      const options = ['--arch', 'arm64', '--page-size', '16384', ...PHYS, ...touches];
      const json = await cramfsJson(['mmap', small, path, ...options]);
      const { areas } = json as { areas: { vmFlags: string; rss: number }[] };
      expect(areas).toMatchObject([{ vmFlags: area!.vmFlags, rss: area!.rss }]);
    },
  );
});
