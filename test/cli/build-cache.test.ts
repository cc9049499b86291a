import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { noise, prose } from '../helpers/trees.js';
import { Folder } from './folder.js';
import { cramfs } from './run-cli.js';

const folder = new Folder();
let source: string;
let image: string;
let cache: string;
beforeEach(() => {
  source = folder.path('source');
  image = folder.path('rootfs.img');
  cache = folder.path('deep/cache');
  mkdirSync(source);
  for (const number of [1, 2, 3]) write(`text-${number}`, prose(20_000, number));
  write('noise', noise(9000, 4));
});
function write(name: string, bytes: Uint8Array): void {
  writeFileSync(`${source}/${name}`, bytes);
}

describe('--cache', () => {
  test.each([[[]], [['--best']], [['--compat=util-linux']], [['--xip', '--xip-include=text-1']]])(
    'does not change the image: %s',
    async (options) => {
      const plain = folder.path('plain.img');
      expect((await cramfs(['build', source, plain, ...options])).code).toBe(0);
      for (const round of [1, 2]) {
        const { code, stderr } = await cramfs([
          ...['build', source, image, ...options],
          ...['--cache', cache, '-v'],
        ]);
        expect([code, round]).toEqual([0, round]);
        const [, found, all] = /: (\d+) of (\d+) blocks were in the cache/.exec(stderr) ?? [];
        expect(found).toBe(round === 1 ? '0' : all);
        expect(readFileSync(image).equals(readFileSync(plain))).toBe(true);
      }
    },
  );

  test.each([[[]], [['-x']]])(
    'a tree that is large enough for a thread of the cache: %s',
    async (options) => {
      for (const number of [1, 2, 3, 4]) write(`large-${number}`, prose(1_500_000, number));
      write('large-noise', noise(700_001, 5));
      const argv = [...options, '--workers', '2'];
      await cramfs(['build', source, image, ...argv, '--cache', cache]);
      write('large-2', prose(1_500_000, 9));
      const plain = folder.path('plain.img');
      await cramfs(['build', source, plain, ...argv]);
      const { stderr } = await cramfs(['build', source, image, ...argv, '--cache', cache, '-v']);
      expect(stderr).toMatch(/: 1290 of 1657 blocks were in the cache/);
      expect(readFileSync(image).equals(readFileSync(plain))).toBe(true);
    },
  );

  test('compresses what has changed, and no more', async () => {
    await cramfs(['build', source, image, '--cache', cache]);
    write('text-2', prose(20_000, 9));
    const { stderr } = await cramfs(['build', source, image, '--cache', cache, '-v']);
    expect(stderr).toContain('13 of 18 blocks were in the cache');
  });

  test('is not kept larger than --cache-size', async () => {
    await cramfs(['build', source, image, '--cache', cache, '--cache-size', '1K']);
    expect(readdirSync(cache)).toEqual([]);
  });

  test('a directory that is none: one line, exit 8, no image', async () => {
    writeFileSync(folder.path('file'), '');
    const { code, stderr } = await cramfs(['build', source, image, '--cache', folder.path('file')]);
    expect(code).toBe(8);
    expect(stderr).toBe(`cramfs: ${folder.path('file')}: not a directory\n`);
    expect(readdirSync(folder.path('.')).includes('rootfs.img')).toBe(false);
  });

  test('--cache-size alone does nothing, and says so', async () => {
    const { stderr } = await cramfs(['build', source, image, '--cache-size', '1M']);
    expect(stderr).toContain('--cache-size does nothing without --cache');
  });
});
