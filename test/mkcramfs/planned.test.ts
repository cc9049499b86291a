import fc from 'fast-check';
import { blockCount, isZero } from 'cramfs-format';
import { directMap, openImage } from 'cramfs-reader';
import {
  MemorySink,
  buildImageBytes,
  inlineCompressor,
  plannedSize,
  spanBytes,
  surveyFlash,
  walkTree,
  xipCandidates,
  type BlockRange,
  type DirectoryEntry,
  type FlashSurvey,
  type PlannedFile,
  type PlannedSpan,
  type SurveyedFile,
  type XipCandidate,
  type XipCandidates,
} from 'mkcramfs';
import { expect, test } from 'vitest';
import { layoutOptions, trees } from '../helpers/arbitrary-trees.js';
import { elfFile } from '../helpers/elf-builder.js';
import { LinuxReader } from '../helpers/linux-reader.js';
import { directory, file, noise, prose, treePaths } from '../helpers/trees.js';

const PAGE = 4096;
const PHYS = 0x2200_0000;

/** One to three spans that cut a file, of which neighbours may have a page in common. */
const cuts = fc.record({
  at: fc.array(fc.nat(7), { maxLength: 2 }),
  overlap: fc.boolean(),
  take: fc.boolean(),
});

type Cuts = (typeof cuts)['generate'] extends (...args: never[]) => { value: infer T } ? T : never;

/** As a program of read-only segments would have them; a full last page is not a candidate (K1). */
function spansOf({ at, overlap, take }: Cuts, content: Uint8Array, blockSize: number) {
  const blocks = blockCount(content.length, blockSize);
  const isFull = content.length % blockSize === 0;
  const lastZero = isFull && isZero(content.subarray(content.length - blockSize));
  const end = isFull && !lastZero ? blocks - 1 : blocks;
  if (!take || end <= 0) return [];
  const edges = [0, ...[...new Set(at)].sort((a, b) => a - b).filter((x) => x > 0 && x < end), end];
  return edges.slice(1).map((to, index): XipCandidate => {
    const first = edges[index]!;
    return { first, end: overlap && to < end ? to + 1 : to, flags: 4 };
  });
}

function sizeOf(survey: FlashSurvey, choice: (file: SurveyedFile) => readonly PlannedSpan[]) {
  const bytes = survey.files.reduce((sum, each) => sum + spanBytes(each, choice(each), survey), 0);
  return plannedSize(survey, bytes);
}

/** Leading pages of a span that are in place. */
function leading({ first, end }: BlockRange, spans: readonly PlannedSpan[]): number {
  let page = first;
  const isInPlace = (index: number): boolean =>
    spans.some((span) => span.first <= index && index < span.first + span.inPlace);
  while (page < end && isInPlace(page)) page += 1;
  return page - first;
}

test('an image made by a plan has the size that was surveyed, and maps the pages that were planned', async () => {
  const cases = fc
    .tuple(
      layoutOptions.filter(({ xip }) => xip?.mode !== 'none'),
      fc.array(cuts, { minLength: 1, maxLength: 5 }),
      fc.infiniteStream(fc.nat(4)),
    )
    .chain(([options, stock, amounts]) =>
      fc.tuple(fc.constant({ options, stock, amounts }), trees(options.blockSize)),
    );
  let partly = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ([{ options, stock, amounts }, root]) => {
      const { blockSize } = options;
      const mmu = options.xip!.mode === 'mmu';
      const candidatesOf = (_: string, content: Uint8Array): XipCandidates => {
        const which = stock[content.length % stock.length]!;
        return { spans: spansOf(which, content, blockSize), refusals: [] };
      };
      const backend = { compressor: inlineCompressor() };
      const surveyed = await surveyFlash(root, options, candidatesOf, backend);
      const { survey } = surveyed;
      const planned = new Map<string, PlannedFile>();
      const spansFor = new Map<SurveyedFile, PlannedSpan[]>();
      for (const each of survey.files) {
        const spans = each.candidates.spans.map(({ first, end }): PlannedSpan => {
          const amount = amounts.next().value as number;
          const inPlace = mmu ? Math.min(amount, end - first) : amount % 2 === 0 ? 0 : end - first;
          return { first, end, inPlace };
        });
        spansFor.set(each, spans);
        planned.set(each.paths[0]!, { spans });
      }
      const plan = (path: string): PlannedFile | undefined => planned.get(path);
      const xip = { ...options.xip!, plan };
      const { image: bytes } = await buildImageBytes(root, { ...options, xip });
      expect(bytes.length).toBe(sizeOf(survey, (each) => spansFor.get(each)!));
      const again = new MemorySink();
      await surveyed.build(plan, again);
      expect(Buffer.compare(again.bytes(), bytes)).toBe(0);

      const image = openImage(bytes, { blockSize: blockSize as 4096 });
      const linux = new LinuxReader(bytes, blockSize);
      const found = linux.walk();
      for (const [path, entry] of treePaths(root)) {
        if (entry.type !== 'file') continue;
        expect(Buffer.compare(linux.read(found.get(path)!), entry.read() as Uint8Array)).toBe(0);
      }
      for (const each of survey.files) {
        const spans = spansFor.get(each)!;
        for (const path of each.paths) {
          for (const { first, end } of spans) {
            const request = { pgoff: first, pages: end - first, pageSize: blockSize, mmu };
            const { pages } = directMap(image, image.lookup(path), { ...request, physAddr: PHYS });
            const wanted = leading({ first, end }, spans);
            expect(pages).toBe(mmu || wanted === end - first ? wanted : 0);
            if (pages > 0 && pages < end - first) partly += 1;
          }
        }
      }
    }),
    { numRuns: 200 },
  );
  expect(partly).toBeGreaterThan(20);
});

test('parts of programs: what a plan may put in place, and what not, with the reason', () => {
  const body = noise(5 * PAGE + 9, 1);
  const segments = [
    { flags: 4, offset: 0, filesz: 0x300 },
    { flags: 5, offset: PAGE, filesz: 2 * PAGE + 5, vaddr: PAGE },
    { flags: 6, offset: 4 * PAGE, filesz: 100, vaddr: 4 * PAGE },
  ];
  const options = { blockSize: PAGE, mmu: true };
  expect(xipCandidates(elfFile(32, true, segments, body), options)).toEqual({
    spans: [
      { first: 0, end: 1, flags: 4 },
      { first: 1, end: 4, flags: 5 },
    ],
    refusals: [expect.objectContaining({ reason: 'writable', pages: 1 })],
  });
  const full = elfFile(32, true, [{ flags: 5, offset: 0, filesz: 3 * PAGE }], noise(3 * PAGE, 2));
  expect(xipCandidates(full, options)).toEqual({
    spans: [{ first: 0, end: 2, flags: 5 }],
    refusals: [expect.objectContaining({ reason: 'last-page', pages: 1 })],
  });
  expect(xipCandidates(full, { ...options, mmu: false })).toEqual({
    spans: [],
    refusals: [expect.objectContaining({ reason: 'not-fdpic' })],
  });
  expect(xipCandidates(prose(3 * PAGE + 1, 1), { ...options, whole: true }).spans).toEqual([
    { first: 0, end: 4, flags: 4 },
  ]);
});

test.each([
  [{ first: 0, end: 9, inPlace: 1 }, true, /but the file has 3/],
  [{ first: 0, end: 3, inPlace: 4 }, true, /4 pages in place/],
  [{ first: 0, end: 3, inPlace: 1 }, false, /all or none/],
  [{ first: 0, end: 3, inPlace: 3 }, true, /K1/],
] as const)('a plan that does not fit the file is refused: %o', async (span, mmu, message) => {
  const root: DirectoryEntry = directory({ a: file(noise(3 * PAGE, 1)) });
  const mode = mmu ? 'mmu' : 'nommu';
  const plan = (): PlannedFile => ({ spans: [span] });
  await expect(buildImageBytes(root, { xip: { mode, plan } })).rejects.toThrow(message);
});

test('equal files follow the one that a plan names, whatever their owners', async () => {
  const content = noise(3 * PAGE + 7, 1);
  const root = directory({
    a: file(content),
    b: file(content),
    c: file(content, { uid: 1 }),
    d: file(noise(100, 2)),
  });
  const plan = (path: string): PlannedFile | undefined =>
    path === '/a' ? { spans: [{ first: 0, end: 4, inPlace: 2 }] } : undefined;
  const { image: bytes } = await buildImageBytes(root, { xip: { mode: 'mmu', plan } });
  const image = openImage(bytes);
  for (const path of [...walkTree(root)].filter(({ entry }) => entry.type === 'file')) {
    const request = { pgoff: 0, pages: 1, pageSize: PAGE, physAddr: PHYS, mmu: true };
    const { pages } = directMap(image, image.lookup(path.path), request);
    expect([path.path, pages]).toEqual([path.path, path.path === '/d' ? 0 : 1]);
  }
});
