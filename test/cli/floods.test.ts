import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { Folder } from './folder.js';
import { cramfs, fsck, mkcramfs } from './run-cli.js';

// A thousand problems with one cause are one problem: ten lines, the number of further ones, and a
// remedy.

const COUNT = 60;
const folder = new Folder();
let source: string;
let image: string;
beforeEach(() => {
  source = folder.path('source');
  image = folder.path('rootfs.img');
  mkdirSync(source);
  for (let index = 0; index < COUNT; index += 1) {
    writeFileSync(`${source}/file-${index}`, `content ${index}`.repeat(40));
  }
});

function lines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

describe('build', () => {
  const TOO_HIGH = ['--owner', 'file-*=0:300'];

  test('ids that do not fit: ten lines, the rest counted, the way out last', async () => {
    const { code, stderr } = await cramfs(['build', source, image, ...TOO_HIGH]);
    const found = lines(stderr);
    expect(code).toBe(8);
    expect(found).toHaveLength(12);
    expect(found.slice(0, 10).every((line) => line.includes('gid 300 does not fit'))).toBe(true);
    expect(found[10]).toBe(
      `cramfs: ${source}: and ${COUNT - 10} more: ids that do not fit (-v lists all)`,
    );
    expect(found[11]).toBe(
      `cramfs: ${source}: no image because of ${COUNT} errors: -q gives everything to 0:0, ` +
        '--owner UID:GID to others; --allow truncate-ids cuts ids',
    );
  });

  test.each([['-v'], ['--report=json']])('%s lists all', async (option) => {
    const { stderr } = await cramfs(['build', source, image, ...TOO_HIGH, option]);
    expect(lines(stderr)).toHaveLength(COUNT + 1);
    expect(stderr).not.toContain(' more: ');
  });

  test('warnings are summed up by themselves', async () => {
    const argv = ['build', source, image, ...TOO_HIGH, '--owner', 'file-1=0:1', '--mode', 'x=644'];
    const { code, stderr } = await cramfs([...argv, '--allow', 'truncate-ids']);
    const found = lines(stderr);
    expect(code).toBe(0);
    expect(found).toHaveLength(12);
    expect(found).toContainEqual(expect.stringContaining("the rule 'x=644' matches nothing"));
    expect(found[11]).toContain(`and ${COUNT - 11} more: warning: ids that do not fit`);
  });

  test('mkcramfs likewise', async () => {
    const table = folder.write(
      'table',
      Array.from({ length: COUNT }, (_, i) => `/file-${i} f 644 0 300\n`).join(''),
    );
    const { code, stderr } = await mkcramfs(['-D', table, source, image]);
    expect([code, lines(stderr).length]).toEqual([8, 12]);
    const all = await mkcramfs(['-v', '-D', table, source, image]);
    expect(lines(all.stderr)).toHaveLength(COUNT + 1);
  });
});

describe('check, fsck.cramfs and extract of an image of which half is missing', () => {
  let damaged: string;
  beforeEach(async () => {
    await cramfs(['build', source, image]);
    const bytes = readFileSync(image);
    // The directory is in the first half, followed by the files.
    damaged = folder.write('damaged.img', bytes.subarray(0, bytes.length / 2));
  });

  test('check counts what it does not print, and --verbose prints it', async () => {
    const { code, stdout } = await cramfs(['check', damaged]);
    const all = await cramfs(['check', damaged, '--verbose']);
    expect([code, all.code]).toEqual([4, 4]);
    const more = /and (\d+) more: \[([a-z-]+)\] \(--verbose lists all\)/.exec(stdout)!;
    const ofCode = (text: string): number =>
      lines(text).filter((line) => line.endsWith(`[${more[2]}]`)).length;
    expect(ofCode(stdout)).toBe(10);
    expect(ofCode(all.stdout)).toBe(10 + Number(more[1]));
    expect(lines(stdout).at(-1)).toBe(lines(all.stdout).at(-1));

    const quiet = await fsck([damaged]);
    expect(quiet.stderr).toContain(`more: [${more[2]}] (-v lists all)\n`);
    expect(lines((await fsck(['-v', damaged])).stderr).length).toBeGreaterThan(
      lines(quiet.stderr).length,
    );
  });

  test('extract: existing files, with --force last', async () => {
    const target = folder.path('target');
    await cramfs(['extract', image, '-C', target]);
    const { code, stderr } = await cramfs(['extract', image, '-C', target]);
    const found = lines(stderr);
    expect(code).toBe(8);
    expect(found).toHaveLength(12);
    expect(found[10]).toContain(`and ${COUNT - 10} more: EEXIST (--verbose lists all)`);
    expect(found[11]).toBe(`cramfs: ${image}: --force replaces files that exist`);
    const all = await cramfs(['extract', image, '-C', target, '-v']);
    expect(lines(all.stderr)).toHaveLength(COUNT + 1);
  });

  test('cat: ten lines of a kind', async () => {
    const names = Array.from({ length: COUNT }, (_, index) => `/none-${index}`);
    const { code, stderr } = await cramfs(['cat', image, ...names]);
    expect([code, lines(stderr).length]).toEqual([8, 11]);
    expect(lines(stderr)[10]).toBe(`cramfs: ${image}: and ${COUNT - 10} more`);
  });
});
