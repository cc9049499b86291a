import { checkImage, openImage } from 'cramfs-reader';
import { describe, expect, test } from 'vitest';
import { countedImage } from '../helpers/check-image.js';
import { directory, file, special, type RawNode, type RawTree } from '../helpers/raw-image.js';
import { exercise } from './ground.js';

/** Where the root directory stands in an image without pad. */
const ROOT = 76;

/** A directory that says it has its entries elsewhere. */
function elsewhere(offset: number, size: number): RawNode {
  return directory({}, { inode: { offset: offset / 4, size } });
}

describe('directory loops', () => {
  test.each([
    ['itself', { a: directory({ loop: directory({}, { sameAs: '/a' }), f: file('f') }) }],
    [
      'its parent',
      { a: directory({ f: file('f'), b: directory({ up: directory({}, { sameAs: '/a' }) }) }) },
    ],
    ['the root', { a: directory({ f: file('f'), top: directory({}, { sameAs: '/' }) }) }],
  ] as [string, RawTree][])('to %s end where they begin', async (_, tree) => {
    const { walk, findings, problems, extracted, exits } = await exercise(countedImage(tree).bytes);
    expect(walk).toBe('LOOP');
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/^directory-loop /);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^LOOP /);
    expect(extracted).toContain('a/f');
    expect(exits).toMatchObject({ info: 8, ls: 8, tree: 8, check: 4, extract: 8, tar: 8 });
  });

  test('a root that is its own entry', async () => {
    // The root's 28 bytes of entries begin with its own inode in the superblock, at 64.
    const { bytes } = countedImage(
      { abcdefghijkl: file('') },
      { flags: 0x403, root: { offset: 64 / 4, size: 76 } },
    );
    const { problems, exits } = await exercise(bytes);
    expect(problems.length).toBeGreaterThan(0);
    expect(exits).toMatchObject({ check: 4, extract: 8 });
  });
});

describe('directories that are not where they should be', () => {
  test.each([
    ['past the image', elsewhere(1 << 20, 100), 'OUT_OF_RANGE', 'directory-outside /d'],
    ['across its end', elsewhere(4096 - 8, 64), 'OUT_OF_RANGE', 'directory-outside /d'],
    ['as large as can be', elsewhere(ROOT, 0xfffffc), 'LOOP', 'directory-loop /d'],
    ['nowhere', elsewhere(0, 100), 'BAD_ENTRY', 'zero-offset /d'],
    ['too small for an entry', elsewhere(ROOT + 16, 8), 'BAD_ENTRY', 'directory-size /d'],
    ['in the superblock', elsewhere(16, 48), 'BAD_ENTRY', 'overlap /d'],
    ['at the largest offset', elsewhere(0xffffffc, 0xffffff), 'LOOP', 'directory-outside /d'],
  ])('%s', async (_, d, code, finding) => {
    const { bytes } = countedImage({ d, f: file('f') }, { flags: 1 });
    const { walk, findings, problems, extracted, exits } = await exercise(bytes);
    expect(walk).toBe(code);
    expect(findings).toContain(finding);
    expect(problems.some((problem) => problem.startsWith(code))).toBe(true);
    expect(extracted).toContain('f');
    expect(exits).toMatchObject({ check: 4, extract: 8, tar: 8, tree: 8 });
  });

  test('two that overlap by half an entry', async () => {
    const tree = (size: number, offset: number): RawTree => ({
      a: directory({ one: file('1'), two: file('2') }),
      b: elsewhere(offset, size),
    });
    const { placed } = countedImage(tree(16, ROOT));
    const a = placed.get('/a')!;
    // From the middle of the second entry of `/a` on.
    const { bytes } = countedImage(tree(16, a.offset + a.size - 8));
    const { findings, extracted, exits } = await exercise(bytes);
    expect(findings.some((finding) => finding.startsWith('overlap '))).toBe(true);
    expect(extracted).toEqual(expect.arrayContaining(['a', 'a/one', 'a/two']));
    expect(exits).toMatchObject({ check: 4 });
  });

  test('entries that reach past their directory, or past the image', async () => {
    const { bytes } = countedImage({
      a: file('a'),
      m: directory({ long: file('x', { inode: { namelen: 63 } }) }),
      z: file('z'),
    });
    const inside = await exercise(bytes);
    expect(inside).toMatchObject({ walk: 'BAD_ENTRY', extracted: ['a', 'm', 'z'] });
    expect(inside.findings).toContain('entry-past-directory /m');

    const last = countedImage({ a: file('a'), z: special(0o10644) }, { roundTo: 4 });
    const cut = last.bytes.subarray(0, ROOT + 30);
    expect((await exercise(cut)).walk).toBe('OUT_OF_RANGE');
  });

  test('a directory inside the content of a file', async () => {
    const inner = countedImage({ a: file('') }).bytes.subarray(ROOT, ROOT + 16);
    const tree = (offset: number): RawTree => ({
      d: elsewhere(offset, 16),
      f: file(inner, { blocks: 'U' }),
    });
    const { placed } = countedImage(tree(ROOT));
    const { start } = placed.get('/f')!.blocks[0]!;
    const { findings, problems, extracted } = await exercise(countedImage(tree(start)).bytes);
    expect(findings).toEqual(['overlap /d']);
    expect(problems).toEqual([]);
    expect(extracted).toEqual(['d', 'd/a', 'f']);
  });
});

describe('directory graphs that explode', () => {
  test('two names for each of 200 levels are not 2^200 paths', async () => {
    const levels = 200;
    const at = (level: number): number => ROOT + 32 * level;
    const tree = Array.from({ length: levels }, (_, level) =>
      ['a', 'b'].map((name) => {
        const next = level + 1 < levels ? elsewhere(at(level + 1), 32) : file('');
        return [name, next] as const;
      }),
    ).flat();
    const { bytes } = countedImage(tree, { root: { size: 32 }, flags: 1 });
    const { walk, findings, extracted } = await exercise(bytes);
    expect(walk).toBe('LOOP');
    expect(findings.filter((finding) => finding.startsWith('directory-shared'))).toHaveLength(199);
    expect(extracted.length).toBeLessThanOrEqual(2 * levels);
    expect([...openImage(bytes).walk(undefined, { onError: () => undefined })]).toHaveLength(
      1 + 2 * levels,
    );
  });

  test('ten thousand levels', async () => {
    const levels = 10_000;
    const name = 'n'.repeat(252);
    const entry = 12 + name.length;
    const tree = Array.from({ length: levels }, (_, level) => {
      const next = level + 1 < levels ? elsewhere(ROOT + entry * (level + 1), entry) : file('');
      return [name, next] as const;
    });
    const { bytes } = countedImage(tree, { root: { size: entry }, flags: 1 });
    const { walk, findings, problems, extracted } = await exercise(bytes);
    expect(walk).toBe('LOOP');
    // 16 names with their slashes are 4048 bytes.
    const deepest = `/${name}`.repeat(17);
    expect(findings).toEqual([`directory-depth ${deepest}`]);
    expect(problems).toContain(`LOOP ${deepest}`);
    // As deep as the target's own path allows.
    expect(extracted.length).toBeGreaterThanOrEqual(15);
    // A lookup finds even the last one.
    expect(openImage(bytes).lookup(`/${name}`.repeat(levels)).type).toBe('file');
  });

  test('what is found deep down is not repeated with a path of megabytes', () => {
    const levels = 3000;
    const long = 'n'.repeat(252);
    const entry = 12 + 252;
    const bad = 300;
    const bottom = ROOT + entry * levels;
    const tree: (readonly [string, RawNode])[] = Array.from({ length: levels }, (_, level) => {
      const last = level + 1 === levels;
      return [long, elsewhere(ROOT + entry * (level + 1), last ? 16 * bad : entry)];
    });
    for (let index = 0; index < bad; index += 1) {
      tree.push([String(index), special(0o150000, 7)]);
    }
    const { bytes } = countedImage(tree, { root: { size: entry }, flags: 1 });
    expect(bottom + 16 * bad).toBeLessThan(bytes.length);
    const { findings } = checkImage(bytes);
    const length = findings.reduce((sum, { path = '' }) => sum + path.length, 0);
    expect(findings.length).toBeGreaterThan(0);
    expect(length).toBeLessThan(10 * 4096);
  });
});

describe('an empty root', () => {
  test('is empty, whatever its size says', async () => {
    // Linux: "empty filesystem". It does not look at the size then, and neither do we.
    const { bytes } = countedImage({}, { root: { size: 0xffffff, offset: 0 } });
    const { walk, findings, problems, extracted, exits } = await exercise(bytes);
    expect({ walk, findings, problems, extracted }).toEqual({
      walk: 'ok',
      findings: ['empty-file-system /'],
      problems: [],
      extracted: [],
    });
    expect(exits).toMatchObject({ info: 0, ls: 0, tree: 0, check: 0, extract: 0, tar: 0 });
  });
});
