import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { elfFile } from '../helpers/elf-builder.js';
import { noise, prose } from '../helpers/trees.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson } from './run-cli.js';

const folder = new Folder();
let source: string;
let image: string;
beforeEach(() => {
  source = folder.path('source');
  image = folder.path('rootfs.img');
  mkdirSync(`${source}/bin`, { recursive: true });
  mkdirSync(`${source}/share`);
  const program = elfFile(32, true, [{ flags: 5, offset: 0, filesz: 90_000 }], prose(90_000, 1));
  writeFileSync(`${source}/bin/prog`, program);
  writeFileSync(`${source}/share/noise`, noise(30_000, 1));
  writeFileSync(`${source}/share/prose`, prose(60_000, 2));
});

function build(...options: string[]) {
  return cramfs(['build', source, image, ...options]);
}

async function paths(): Promise<string[]> {
  const listed = (await cramfsJson(['ls', '-R', image])) as { path: string }[];
  return listed.map(({ path }) => path).sort();
}

describe('--max-size', () => {
  test('an image that fits is the same as without', async () => {
    await build('--xip');
    const without = readFileSync(image);
    expect((await build('--xip', '--max-size', String(without.length))).code).toBe(0);
    expect(readFileSync(image)).toEqual(without);
  });

  test('a larger one is not written, and what is promised to help does', async () => {
    await build('--xip');
    const { length } = readFileSync(image);
    writeFileSync(image, 'old');
    const limit = ['--max-size', String(length - 1)];
    const { code, stderr } = await build('--xip', ...limit);
    expect(code).toBe(8);
    expect(readFileSync(image, 'utf8')).toBe('old');
    expect(stderr).toMatch(new RegExp(`: the image has ${length} bytes, 1 over the limit\\n$`));
    expect(stderr).toMatch(/--xip-exclude: in place costs most: \/bin\/prog \d+ bytes\n/);
    expect(stderr).toMatch(/--exclude: the largest are \/bin\/prog \d+ bytes, /);
    const saved = Number(/: --xip none saves (\d+) bytes: enough\n/.exec(stderr)![1]);
    expect((await build('--xip=none', ...limit)).code).toBe(0);
    expect(readFileSync(image)).toHaveLength(length - saved);
  });

  test('erase blocks are counted whole', async () => {
    await build();
    const { length } = readFileSync(image);
    const blocks = Math.ceil(length / 65536);
    const fits = ['--erase-size=64K', `--max-size=${blocks * 64 + 63}K`];
    expect((await build(...fits)).code).toBe(0);
    const { code, stderr } = await build('--erase-size=64K', `--max-size=${blocks * 65536 - 1}`);
    expect(code).toBe(8);
    expect(stderr).toContain(`there is room for ${blocks - 1} erase block`);
    expect((await build('--erase-size=0')).code).toBe(16);
  });
});

describe('--exclude-from', () => {
  test('globs, comments, empty lines, white space, and what find prints', async () => {
    const list = folder.write('list', '# no prose\r\n\n  prose\t\n./bin/*\n');
    expect(await build('--exclude-from', list)).toMatchObject({ code: 0, stderr: '' });
    expect(await paths()).toEqual(['/bin', '/share', '/share/noise']);
  });

  test('a glob that matches nothing is named with its file', async () => {
    const list = folder.write('list', '/share/none\n');
    const { code, stderr } = await build('--exclude-from', list);
    expect([code, stderr]).toEqual([
      0,
      `cramfs: ${source}: warning: ${list}: '/share/none' matches nothing\n`,
    ]);
  });

  test('files that are missing, bad or the image itself', async () => {
    expect(await build('--exclude-from', folder.path('none'))).toMatchObject({
      code: 8,
      stderr: `cramfs: ${folder.path('none')}: no such file or directory\n`,
    });
    expect((await build('--exclude-from', folder.write('bad', '[a\n'))).code).toBe(16);
    const list = folder.write('list', 'prose\n');
    expect((await cramfs(['build', source, list, '--exclude-from', list])).code).toBe(16);
    expect(readFileSync(list, 'utf8')).toBe('prose\n');
  });
});

test('--quiet prints problems alone', async () => {
  expect(await build('--quiet')).toEqual(expect.objectContaining({ code: 0, stdout: '' }));
  const { stdout, stderr } = await build('--quiet', '--exclude', 'none');
  expect([stdout, stderr]).toEqual(['', expect.stringContaining("--exclude 'none' matches")]);
});

describe('options that have no effect are named', () => {
  test.each([
    [['--xip-include=prog'], '--xip-include does nothing without --xip'],
    [['--xip-exclude=prog'], '--xip-exclude does nothing without --xip'],
    [['--xip-sticky', '--xip=none'], '--xip-sticky does nothing without --xip'],
    [['--tail=pad'], '--tail does nothing without --xip'],
    [['--xip-pad'], '--xip-pad does nothing without --xip'],
    [['--xip=mmu', '--xip-gzip-data'], '--xip-gzip-data does nothing without --xip=nommu'],
    [['--xip=mmu', '--xip-align=64'], '--xip-align does nothing without --xip=nommu'],
    [['--force'], '--force does nothing without --compat'],
    [['--best', '--compat=mkcramfs', '--force'], '--best does nothing with --compat'],
    [['--erase-size=4K'], '--erase-size does nothing without --max-size'],
    [['--exclude=none'], "--exclude 'none' matches nothing"],
    [['--xip', '--xip-include=share'], "--xip-include 'share' matches nothing"],
    [['--xip', '--xip-exclude=none'], "--xip-exclude 'none' matches nothing"],
    [['--xip', '--tail=none=pad'], "--tail 'none' matches nothing"],
    [['--owner=none=0:0'], "the rule 'none=0:0' matches nothing"],
    [['--mode=none=644'], "the rule 'none=644' matches nothing"],
  ])('%j', async (options, message) => {
    const { code, stderr } = await build(...options);
    expect(code).toBe(0);
    expect(stderr).toContain(`cramfs: ${source}: warning: ${message}\n`);
    const strict = await cramfs(['build', source, folder.path('strict'), ...options, '-E']);
    expect([strict.code, existsSync(folder.path('strict'))]).toEqual([8, false]);
  });

  test('and those that have one are not', async () => {
    const { stderr } = await build(
      ...['--xip', '--xip-include=share/*', '--xip-exclude=noise', '--tail=prog=share'],
      ...['--exclude=prose', '--owner=bin=0:0', '--mode=/bin=755', '--max-size=1M'],
    );
    expect(stderr).toBe('');
  });
});
