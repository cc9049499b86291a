import { directMap, openImage, type CramfsImage } from 'cramfs-reader';
import {
  buildImageBytes,
  type BuildReport,
  type FileEntry,
  type Problem,
  type XipOptions,
} from 'mkcramfs';
import { describe, expect, test } from 'vitest';
import { elfFile, type TestSegment } from '../helpers/elf-builder.js';
import { fdpicFile, flatFile } from '../helpers/nommu-programs.js';
import { directory, file, noise, prose } from '../helpers/trees.js';

const PAGE = 4096;
const ROM = 0x2000_0000;

interface Built {
  readonly image: CramfsImage;
  readonly report: BuildReport;
  readonly problems: readonly Problem[];
}

async function build(
  files: Readonly<Record<string, Uint8Array | FileEntry>>,
  xip: Partial<XipOptions> = {},
): Promise<Built> {
  const problems: Problem[] = [];
  const entries = Object.entries(files).map(([name, content]) => [
    name,
    content instanceof Uint8Array ? file(content, { mode: 0o755 }) : content,
  ]);
  const { image, report } = await buildImageBytes(
    directory(Object.fromEntries(entries) as Record<string, FileEntry>),
    { xip: { mode: 'nommu', ...xip }, onProblem: (problem) => void problems.push(problem) },
  );
  return { image: openImage(image), report, problems };
}

/** Bus address of a mapping of pages, or undefined if a kernel without an MMU copies it. */
function mapped({ image }: Built, path: string, pgoff: number, pages: number): number | undefined {
  const request = { pgoff, pages, pageSize: PAGE, physAddr: ROM, mmu: false };
  const { pages: direct, imageOffset } = directMap(image, image.lookup(path), request);
  return direct === 0 ? undefined : ROM + imageOffset;
}

function xipPages({ report }: Built): Record<string, number> {
  return Object.fromEntries(report.entries.map(({ path, xip }) => [path, xip?.pages ?? 0]));
}

const DATA: TestSegment = { flags: 6, offset: 3 * PAGE, filesz: 200, memsz: 5000 };
const TEXT: TestSegment = { flags: 5, offset: 0, filesz: 2 * PAGE + 100 };

describe('programs', () => {
  test('the read-only segments of FDPIC are in place, the writable ones compressed', async () => {
    const built = await build({ p: fdpicFile([TEXT, DATA], prose(3 * PAGE + 300, 1)) });
    expect(xipPages(built)).toEqual({ '/p': 3 });
    expect(mapped(built, '/p', 0, 3)).toBeDefined();
    expect(built.problems).toEqual([]);
  });

  test('ordinary ELF takes no flash: one line says so for all of them', async () => {
    const program = (seed: number, type: 2 | 3): Uint8Array =>
      elfFile(32, true, [TEXT, DATA], prose(3 * PAGE + 300, seed), type);
    const files = { a: program(1, 2), b: program(2, 3), c: program(3, 3) };
    const built = await build(files);
    expect(xipPages(built)).toEqual({ '/a': 0, '/b': 0, '/c': 0 });
    expect(built.problems.map(({ path }) => path)).toEqual(['/a']);
    expect(built.problems[0]!.message).toMatch(
      /^this and 2 more are ordinary ELF.*-mfdpic.*-elf2flt/,
    );
    const asked = await build(files, { include: (path) => path === '/b' });
    expect(xipPages(asked)).toEqual({ '/a': 0, '/b': 4, '/c': 0 });
    expect(asked.problems[0]!.message).toMatch(/^this and 1 more are/);
    const excluded = await build(files, { exclude: () => true });
    expect(excluded.problems).toEqual([]);
  });

  test.each([
    ['version 4', { rev: 4 }],
    ['version 2', { rev: 2 }],
    ['GOTPIC', { flags: 2 }],
    ['gzip’d data', { flags: 8 | 2 }],
  ] as const)('bFLT text with its header is in place: %s', async (_, options) => {
    const built = await build({ p: flatFile(noise(PAGE, 1), prose(3 * PAGE, 1), options) });
    expect(xipPages(built)).toEqual({ '/p': 2 });
    expect(mapped(built, '/p', 0, 2)! % 8).toBe(0);
    expect(built.problems).toEqual([]);
  });

  test.each([
    ['marked for RAM', { flags: 1 }, /flthdr -R/],
    ['text gzip’d', { flags: 4 }, /flthdr -d/],
    ['version 2 with flags', { rev: 2, flags: 2 }, /for RAM/],
    ['an unknown version', { rev: 5 }, /version 5/],
    ['relocations in the text', { relocations: [PAGE + 4, 100] }, /K23/],
  ] as const)('bFLT text is not in place: %s', async (_, options, message) => {
    const built = await build({ p: flatFile(noise(PAGE, 1), prose(3 * PAGE, 1), options) });
    expect(xipPages(built)).toEqual({ '/p': 0 });
    expect(built.problems.map((problem) => problem.message)).toEqual([
      expect.stringMatching(message),
    ]);
  });

  test('relocations in the data do no harm', async () => {
    const program = flatFile(noise(PAGE, 1), prose(PAGE, 1), { relocations: [PAGE, PAGE + 4] });
    expect(xipPages(await build({ p: program }))).toEqual({ '/p': 2 });
  });
});

describe('K22: no two regions at one address', () => {
  const program = fdpicFile([TEXT, DATA], prose(3 * PAGE + 300, 1));

  test('equal programs of other modes have their own pages, hard links and equal ones share', async () => {
    const built = await build({
      a: program,
      b: program.slice(),
      c: file(program, { mode: 0o700 }),
      d: file(program, { mode: 0o755, uid: 7 }),
    });
    const [a, b, c, d] = ['/a', '/b', '/c', '/d'].map((path) => mapped(built, path, 0, 3));
    expect(a).toBeDefined();
    expect(b).toBe(a);
    expect(new Set([a, c, d]).size).toBe(3);
    expect(built.problems.map(({ path }) => path)).toEqual(['/c', '/d']);
    expect(built.report.entries.map(({ stored }) => stored > 3 * PAGE)).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  test('nor is any block that is not compressed pointed to twice', async () => {
    const page = noise(PAGE, 5);
    const built = await build({
      a: file(Buffer.concat([page, page, noise(10, 1)])),
      b: file(Buffer.concat([page, prose(10, 1)])),
    });
    const addresses = [
      mapped(built, '/a', 0, 1),
      mapped(built, '/a', 1, 1),
      mapped(built, '/b', 0, 1),
    ].filter((address) => address !== undefined);
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  test('segments that start in one page keep a program out of place', async () => {
    const lld = [
      { flags: 4, offset: 0, filesz: 500 },
      { flags: 5, offset: 500, filesz: 2 * PAGE, vaddr: 0x10000 + 500 },
    ];
    const { problems, ...built } = await build({ p: fdpicFile(lld, prose(3 * PAGE, 1)) });
    expect(xipPages({ problems, ...built })).toEqual({ '/p': 0 });
    expect(problems[0]!.message).toMatch(/K22.*separate-code/);
  });

  test('segments that overlap otherwise are in place', async () => {
    const sameLength = [
      { flags: 4, offset: 0, filesz: 500 },
      { flags: 5, offset: 500, filesz: 1000, vaddr: 0x10000 + 500 },
    ];
    const laterStart = [
      { flags: 4, offset: 0, filesz: PAGE + 500 },
      { flags: 5, offset: PAGE + 500, filesz: 2 * PAGE, vaddr: 0x11000 + 500 },
    ];
    for (const segments of [sameLength, laterStart]) {
      const built = await build({ p: fdpicFile(segments, prose(4 * PAGE - 9, 1)) });
      expect(built.problems).toEqual([]);
      expect(mapped(built, '/p', 0, 1)).toBeDefined();
    }
  });
});

test('K23: a segment that is longer in memory is not in place, the others are', async () => {
  const constants: TestSegment = { flags: 4, offset: 0, filesz: 300 };
  const cleared: TestSegment = { flags: 5, offset: PAGE, filesz: 2000, memsz: 3000, vaddr: PAGE };
  const built = await build({ p: fdpicFile([constants, cleared], prose(3 * PAGE - 1, 1)) });
  expect(xipPages(built)).toEqual({ '/p': 1 });
  expect(built.problems.map(({ message }) => message)).toEqual([expect.stringMatching(/K23/)]);
  const whole = await build(
    { p: fdpicFile([constants, cleared], prose(3 * PAGE - 1, 1)) },
    { include: () => true },
  );
  expect(mapped(whole, '/p', 1, 1)).toBeUndefined();
});

describe('K1: files of whole pages', () => {
  const textOnly = fdpicFile([{ flags: 5, offset: 0, filesz: 3 * PAGE }], noise(3 * PAGE, 1));

  test('text with a page that Linux would read as zeros takes no flash', async () => {
    const built = await build({ p: textOnly });
    expect(xipPages(built)).toEqual({ '/p': 0 });
    expect(built.problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/--xip-pad.*K1\)$/),
    ]);
  });

  test('pad appends a zero byte, and all of it maps', async () => {
    const built = await build({ p: textOnly }, { pad: true });
    expect(built.problems).toEqual([]);
    const inode = built.image.lookup('/p');
    expect(inode.size).toBe(3 * PAGE + 1);
    expect(built.image.readFile(inode)).toEqual(Uint8Array.from([...textOnly, 0]));
    expect(mapped(built, '/p', 0, 3)).toBeDefined();
    expect(mapped(built, '/p', 0, 4)).toBe(mapped(built, '/p', 0, 3));
  });

  test('pad changes no other file', async () => {
    const built = await build(
      { data: noise(2 * PAGE, 1), p: fdpicFile([TEXT, DATA], prose(4 * PAGE, 1)) },
      { pad: true, include: (path) => path === '/data' },
    );
    expect(built.image.lookup('/data').size).toBe(2 * PAGE);
    expect(built.image.lookup('/p').size).toBe(4 * PAGE);
    expect(mapped(built, '/data', 0, 1)).toBeDefined();
    expect(mapped(built, '/data', 0, 2)).toBeUndefined();
  });

  test('a last page of zeros is in place', async () => {
    const body = noise(3 * PAGE, 1).fill(0, 2 * PAGE);
    const segments = [{ flags: 5, offset: 0, filesz: 3 * PAGE }];
    for (const mode of ['nommu', 'mmu'] as const) {
      const built = await build({ p: fdpicFile(segments, body) }, { mode });
      expect(built.problems).toEqual([]);
      expect(mapped(built, '/p', 0, 3)).toBeDefined();
    }
  });

  test('with an MMU the byte saves a page of RAM', async () => {
    const built = await build({ p: textOnly }, { mode: 'mmu', pad: true });
    const request = { pgoff: 0, pages: 3, pageSize: PAGE, physAddr: ROM, mmu: true };
    expect(directMap(built.image, built.image.lookup('/p'), request)).toMatchObject({ pages: 3 });
  });
});

describe('alignment', () => {
  const program = (seed: number, align: number): Uint8Array =>
    fdpicFile([{ ...TEXT, filesz: 2 * PAGE + 12, align }, DATA], prose(3 * PAGE + 300, seed));
  const files = { a: program(1, 64), b: program(2, 64), c: program(3, 0x10000), d: program(4, 3) };
  const remainders = async (align: XipOptions['align'], modulo: number): Promise<number[]> => {
    const built = await build(files, align === undefined ? {} : { align });
    return Object.keys(files).map((name) => mapped(built, `/${name}`, 0, 3)! % modulo);
  };

  test('multiples of eight, unless something else is asked for', async () => {
    expect(await remainders(undefined, 8)).toEqual([0, 0, 0, 0]);
    expect(await remainders(undefined, 64)).not.toEqual([0, 0, 0, 0]);
    expect(await remainders(256, 256)).toEqual([0, 0, 0, 0]);
  });

  test('what the segments ask, up to a page', async () => {
    const [a, b] = await remainders('segments', 64);
    expect([a, b]).toEqual([0, 0]);
    expect((await remainders('segments', PAGE))[2]).toBe(0);
    expect((await remainders('segments', 8))[3]).toBe(0);
  });

  test('what cannot be', async () => {
    for (const align of [0, 2, 12, 8192]) {
      await expect(build(files, { align })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    }
  });
});
