import { isCramfsError } from 'cramfs-format';
import { openImage } from 'cramfs-reader';
import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { extractImage, nodeZlib } from 'cramfs-reader/node';
import { describe, expect, test } from 'vitest';
import { countedImage } from '../helpers/check-image.js';
import { directory, file, symlink, type RawNode, type RawTree } from '../helpers/raw-image.js';
import { exercise, onGround } from './ground.js';

function image(tree: RawTree): Uint8Array {
  return countedImage(tree, { flags: 1 }).bytes;
}

const below: RawNode = directory({ escaped: file('escaped'), outside: file('escaped') });

describe('a symlink, and something to go through it', () => {
  test.each(['..', '../..', '../elsewhere', '/tmp', '/', '.', '../outside', 'missing'])(
    'to %s',
    async (target) => {
      // Entries in both orders, directly and one level down.
      const pair = (first: RawNode, second: RawNode): RawNode =>
        directory([
          ['x', first],
          ['x', second],
        ]);
      const link = symlink(target);
      const { findings, problems, extracted, exits } = await exercise(
        image([
          ['1', pair(link, below)],
          ['2', pair(below, link)],
          ['3', pair(link, file('escaped'))],
          ['4', pair(file('kept'), link)],
          ['5', pair(link, symlink('../escaped'))],
          ['x', link],
          ['x', below],
        ]),
      );
      expect(findings).toHaveLength(6);
      for (const finding of findings) expect(finding).toMatch(/^name-duplicate /);
      expect([...problems].sort()).toEqual(
        ['/1/x', '/2/x', '/3/x', '/4/x', '/5/x', '/x'].map((path) => `BAD_ENTRY ${path}`),
      );
      const paths = ['1/x', '2/x', '2/x/escaped', '2/x/outside', '3/x', '4/x', '5/x', 'x'];
      expect(extracted).toEqual([...['1', '2', '3', '4', '5'], ...paths].sort());
      expect(exits).toMatchObject({ check: 4, extract: 8, tar: 8 });
    },
  );

  test('links are extracted as they are, wherever they lead', async () => {
    const targets = ['/etc/passwd', '../../../..', 'self', '\xff', 'a\nb', ' ', 'x'.repeat(4000)];
    const bytes = image(targets.map((target, index) => [`l${index}`, symlink(target)] as const));
    expect(await exercise(bytes)).toMatchObject({ walk: 'ok', findings: [], problems: [] });
    await onGround(async (ground) => {
      await extractImage(openImage(bytes, { zlib: nodeZlib }), ground.target);
      targets.forEach((target, index) => {
        const path = join(ground.target, `l${index}`);
        expect(lstatSync(path).isSymbolicLink()).toBe(true);
        expect(readlinkSync(path, 'latin1')).toBe(target);
      });
      ground.clear();
    });
  });
});

describe('symlinks that are none', () => {
  test.each([
    ['empty', symlink(''), 'symlink-empty /l', 'BAD_ENTRY /l'],
    ['with a NUL', symlink('a\0b'), 'symlink-nul /l', 'BAD_ENTRY /l'],
    ['nothing but a NUL', symlink('\0'), 'symlink-nul /l', 'BAD_ENTRY /l'],
    ['of 65536 bytes', symlink('x'.repeat(65536)), 'symlink-too-long /l', 'BAD_ENTRY /l'],
    ['of 65535 bytes', symlink('x'.repeat(65535)), 'symlink-too-long /l', 'ENAMETOOLONG /l'],
    [
      'of 16 MiB',
      symlink('x', { inode: { size: 0xffffff } }),
      'symlink-too-long /l',
      'BAD_ENTRY /l',
    ],
  ])('%s', async (_, link, finding, problem) => {
    const { findings, problems, extracted, exits } = await exercise(
      image({ f: file('f'), l: link }),
    );
    expect(findings).toContain(finding);
    expect(problems).toEqual([problem]);
    expect(extracted).toEqual(['f']);
    expect(exits).toMatchObject({ check: 4, extract: 8 });
  });
});

describe('resolving paths', () => {
  function codeOf(tree: RawTree, path: string): string {
    try {
      return openImage(image(tree)).lookup(path).type ?? 'unknown';
    } catch (error) {
      if (isCramfsError(error)) return error.code;
      throw error;
    }
  }

  test('loops of symlinks end', () => {
    expect(codeOf({ a: symlink('a') }, '/a')).toBe('LOOP');
    expect(codeOf({ a: symlink('b'), b: symlink('/a') }, '/a')).toBe('LOOP');
    expect(codeOf({ a: symlink('a/a') }, '/a')).toBe('LOOP');
    expect(codeOf({ a: symlink('./a/../a/x') }, '/a/x')).toBe('LOOP');
  });

  test('forty links are followed as in Linux, more are not', () => {
    const chain = (length: number): RawTree =>
      Object.fromEntries([
        ...Array.from({ length }, (_, index) => [`l${index}`, symlink(`l${index + 1}`)] as const),
        [`l${length}`, file('end')],
      ]);
    expect(codeOf(chain(40), '/l0')).toBe('file');
    expect(codeOf(chain(41), '/l0')).toBe('LOOP');
  });

  test('targets that multiply', () => {
    const many = (name: string): string => new Array<string>(2000).fill(name).join('/');
    const tree = Object.fromEntries(
      Array.from({ length: 39 }, (_, index) => [`l${index}`, symlink(many(`l${index + 1}`))]),
    );
    expect(codeOf(tree, '/l0')).toBe('NOT_FOUND');
    // 40 targets of 32767 components each.
    const dots = './'.repeat(32766);
    const long = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`l${index}`, symlink(`${dots}l${index + 1}`)]),
    );
    expect(codeOf({ ...long, l40: file('end') }, '/l0')).toBe('file');
  });

  test("'..' goes no higher than the root", () => {
    const tree = { d: directory({ up: symlink('../../../../f') }), f: file('f') };
    expect(codeOf(tree, '/d/up')).toBe('file');
    expect(codeOf(tree, '/../../d/../../f')).toBe('file');
    expect(codeOf(tree, '/f/..')).toBe('WRONG_TYPE');
  });
});
