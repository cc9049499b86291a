import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cramfs } from '../cli/run-cli.js';
import type { Workspace } from '../fuzz/workspace.js';
import { countedImage } from '../helpers/check-image.js';
import { directory, file, symlink, type RawTree } from '../helpers/raw-image.js';
import { extractHere, onGround } from './ground.js';

const TREE: RawTree = {
  d: directory({ file: file('of the image'), sub: directory({ deep: file('of the image') }) }),
  f: file('of the image'),
  l: symlink('f'),
};
const { bytes } = countedImage(TREE);
const ALL = ['d', 'd/file', 'd/sub', 'd/sub/deep', 'f', 'l'];

/** Extracts over what `plant` has put into the target, with and without `force`. */
async function extractOver(
  plant: (ground: Workspace) => void,
): Promise<Record<'keep' | 'force', { problems: string[]; extracted: string[] }>> {
  const results: Awaited<ReturnType<typeof extractHere>>[] = [];
  await onGround(async (ground) => {
    for (const force of [false, true]) {
      plant(ground);
      results.push(await extractHere(ground, bytes, {}, { force }));
      expect(ground.findDamage(), `force: ${force}`).toBeUndefined();
    }
  });
  return { keep: results[0]!, force: results[1]! };
}

describe('what is in the target already', () => {
  test('a symlink to a file outside, where a file goes', async () => {
    const { keep, force } = await extractOver((ground) => {
      ground.setTrap(Buffer.from('f'), 'outside');
    });
    expect(keep).toMatchObject({ problems: ['EEXIST /f'], extracted: ALL });
    expect(force).toMatchObject({ problems: [], extracted: ALL });
  });

  test('a symlink to a directory outside, where a directory goes', async () => {
    const { keep, force } = await extractOver((ground) => {
      ground.setTrap(Buffer.from('d'), 'elsewhere');
    });
    expect(keep.problems).toEqual(['EEXIST /d']);
    // The entries below are left out: the link is still there, and leads to somebody else's files.
    expect(keep.extracted).toEqual(['d', 'f', 'l']);
    expect(force).toMatchObject({ problems: [], extracted: ALL });
  });

  test('a symlink one level down', async () => {
    const { keep, force } = await extractOver(({ target }) => {
      mkdirSync(join(target, 'd'));
      symlinkSync('../../elsewhere', join(target, 'd/sub'));
      symlinkSync('../../outside', join(target, 'd/file'));
    });
    expect(keep.problems.sort()).toEqual(['EEXIST /d/file', 'EEXIST /d/sub']);
    expect(keep.extracted).toEqual(['d', 'd/file', 'd/sub', 'f', 'l']);
    expect(force).toMatchObject({ problems: [], extracted: ALL });
  });

  test('a symlink where a symlink goes', async () => {
    const { keep, force } = await extractOver((ground) => {
      ground.setTrap(Buffer.from('l'), 'elsewhere');
    });
    expect(keep.problems).toEqual(['EEXIST /l']);
    expect(force.problems).toEqual([]);
  });

  test('another name of a file outside keeps its content and mode', async () => {
    await onGround(async (ground) => {
      const mine = join(ground.scratch, 'mine');
      writeFileSync(mine, 'mine', { mode: 0o600 });
      for (const force of [false, true]) {
        linkSync(mine, join(ground.target, 'f'));
        await extractHere(ground, bytes, {}, { force });
        expect(readFileSync(mine, 'latin1')).toBe('mine');
        expect(lstatSync(mine).mode & 0o777).toBe(0o600);
      }
    });
  });

  test('a fifo is neither opened nor waited for', async () => {
    const { keep, force } = await extractOver(({ target }) => {
      execFileSync('mkfifo', [join(target, 'f'), join(target, 'd')]);
    });
    expect(keep.problems.sort()).toEqual(['EEXIST /d', 'EEXIST /f']);
    expect(force).toMatchObject({ problems: [], extracted: ALL });
  });

  test('a directory is never replaced by a file', async () => {
    const { keep, force } = await extractOver(({ target }) => {
      mkdirSync(join(target, 'f/full'), { recursive: true });
    });
    for (const { problems, extracted } of [keep, force]) {
      expect(problems).toHaveLength(1);
      expect(extracted).toContain('f/full');
    }
  });
});

describe('the target itself', () => {
  test('a symlink to a directory is what the user asked for, and the limit', async () => {
    await onGround(async (ground) => {
      const real = join(ground.target, 'real');
      const link = join(ground.scratch, 'link');
      const image = join(ground.scratch, 'image');
      mkdirSync(real);
      symlinkSync(real, link);
      writeFileSync(
        image,
        countedImage({
          ok: file('in'),
          '..': directory({ escaped: file('escaped') }),
          up: symlink('..'),
        }).bytes,
      );
      const { code, stderr } = await cramfs(['extract', image, '-C', link]);
      expect(code).toBe(8);
      expect(stderr).toContain('reserved');
      expect(existsSync(join(real, 'ok'))).toBe(true);
      expect(existsSync(join(ground.target, 'escaped'))).toBe(false);
      expect(lstatSync(link).isSymbolicLink()).toBe(true);
      ground.clear();
    });
  });

  test.each([
    [
      'a file',
      (path: string) => {
        writeFileSync(path, '');
      },
    ],
    [
      'a symlink to nothing',
      (path: string) => {
        symlinkSync('missing', path);
      },
    ],
    [
      'a symlink to itself',
      (path: string) => {
        symlinkSync('target', path);
      },
    ],
  ])('%s is an error', async (_, plant) => {
    await onGround(async (ground) => {
      const image = join(ground.scratch, 'image');
      const target = join(ground.scratch, 'target');
      writeFileSync(image, bytes);
      plant(target);
      const { code, stderr } = await cramfs(['extract', image, '-C', target]);
      expect(code).toBe(8);
      expect(stderr).toMatch(/^cramfs: .*target: [a-z ]+\n$/);
      expect(existsSync(join(ground.scratch, 'missing'))).toBe(false);
    });
  });
});
