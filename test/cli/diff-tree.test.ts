import { mkdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { text } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson } from './run-cli.js';

const folder = new Folder();
let tree = '';
let image = '';

beforeEach(async () => {
  tree = folder.path('tree');
  image = folder.path('x.img');
  mkdirSync(folder.path('tree/sub'), { recursive: true });
  writeFileSync(folder.path('tree/a'), text(9000), { mode: 0o644 });
  writeFileSync(folder.path('tree/sub/b'), 'b', { mode: 0o755 });
  symlinkSync('a', folder.path('tree/link'));
  await cramfs(['build', tree, image, '--quiet', '--owner', '0:0']);
});

const diff = (...args: string[]) => cramfs(['diff', '--no-owner', ...args]);

test('an image and the directory or tar it is made of', async () => {
  expect(await diff(image, tree)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(await diff(tree, image)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  const { bytes } = await cramfs(['tar', image]);
  const tar = folder.write('plain', bytes);
  expect(await cramfs(['diff', image, tar])).toMatchObject({ code: 0, stdout: '' });
});

test('what differs', async () => {
  writeFileSync(folder.path('tree/a'), text(9000).fill(0, 5000, 5001));
  writeFileSync(folder.path('tree/new'), '');
  unlinkSync(folder.path('tree/sub/b'));
  unlinkSync(folder.path('tree/link'));
  symlinkSync('sub', folder.path('tree/link'));
  const lines = '! /a: content\n! /link: target a -> sub\n+ /new\n- /sub/b\n';
  expect(await diff(image, tree)).toMatchObject({ code: 1, stdout: lines });
  expect((await diff(tree, image)).stdout).toBe(
    '! /a: content\n! /link: target sub -> a\n- /new\n+ /sub/b\n',
  );
  const json = (await cramfsJson(['diff', '--no-owner', image, tree])) as unknown[];
  expect(json).toMatchObject([
    { path: '/a', kind: 'changed', what: ['content'] },
    { path: '/link', before: { target: 'a' }, after: { target: 'sub' } },
    { path: '/new', kind: 'added', before: null },
    { path: '/sub/b', kind: 'removed', after: null },
  ]);
});

test('owners count unless they are left out', async () => {
  await cramfs(['build', tree, image, '--quiet', '--owner', '7:8']);
  expect((await cramfs(['diff', image, tree])).stdout).toContain('! /a: owner 7:8 -> ');
  expect((await diff(image, tree)).stdout).toBe('');
});

test('one has to be an image', async () => {
  expect((await diff(tree, tree)).code).toBe(16);
  expect((await diff('--layout', image, tree)).code).toBe(16);
  expect((await diff(image, folder.path('none'))).code).toBe(8);
});
