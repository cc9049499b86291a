import type { DirectoryEntry, TreeEntry } from 'mkcramfs';
import { expect, test } from 'vitest';
import { ProfileTree } from './place-profile.js';
import { ProfileBuilder } from './profile-builder.js';
import type { ProfileFormat } from './profile.js';

const OWNER = { mode: 0, uid: 0, gid: 0 };

function directory(children: Readonly<Record<string, TreeEntry>>): DirectoryEntry {
  return { type: 'directory', ...OWNER, children: new Map(Object.entries(children)) };
}

function file(size: number): TreeEntry {
  return { type: 'file', ...OWNER, size, read: () => new Uint8Array(size) };
}

function symlink(target: string): TreeEntry {
  return { type: 'symlink', ...OWNER, target };
}

const ROOT = directory({
  bin: symlink('usr/bin'),
  init: file(100),
  usr: directory({
    bin: directory({ sh: symlink('/bin/busybox'), busybox: file(5 * 4096), loop: symlink('loop') }),
    lib: directory({ 'a.so': file(8192) }),
    lib2: directory({ lib: directory({ 'b.so': file(1) }) }),
  }),
  lib: directory({ 'a.so': file(8192) }),
});

function place(
  paths: readonly string[],
  roots?: readonly string[],
  format: ProfileFormat = 'smaps',
) {
  const builder = new ProfileBuilder('x', format, 'mapped');
  for (const path of paths) builder.touch(path, { first: 0, pages: 1 });
  const { profile, problems } = new ProfileTree(ROOT, roots).place(builder.build());
  return { placed: [...profile.files], problems };
}

const ONCE = [{ first: 0, pages: 1, count: 1 }];

test('symlinks are followed, and counts of one file add up', () => {
  expect(place(['/bin/sh', '/usr/bin/busybox', '/init', '/usr/../init/.'])).toEqual({
    placed: [
      ['/init', [{ first: 0, pages: 1, count: 2 }]],
      ['/usr/bin/busybox', [{ first: 0, pages: 1, count: 2 }]],
    ],
    problems: [],
  });
});

test('paths that are not in the tree, or not files', () => {
  const paths = ['/bin/loop', '/lib', '/lib/a.so (deleted)', '/x/y'];
  const problems = paths.map((path) => ({ path, reason: 'not in the tree' }));
  expect(place(paths)).toEqual({ placed: [], problems });
});

test('below the root of the image; other paths belong to another file system', () => {
  expect(place(['/mnt/rom/init', '/init', '/mnt/romx/init'], ['/mnt/rom/'])).toEqual({
    placed: [['/init', ONCE]],
    problems: [],
  });
  expect(place(['/ovl/init', '/rom/bin/sh', '/rom/x'], ['/ovl', '/rom'])).toEqual({
    placed: [
      ['/init', ONCE],
      ['/usr/bin/busybox', ONCE],
    ],
    problems: [{ path: '/rom/x', reason: 'not in the tree' }],
  });
  expect(place(['/mnt/rom/init', '/bin/sh'], ['/', '/mnt/rom']).placed).toHaveLength(2);
});

test('AXFS, which writes only the last directory', () => {
  expect(place(['/bin/busybox', '/lib/b.so', '/lib/a.so', '/init'], undefined, 'axfs')).toEqual({
    placed: [
      ['/init', ONCE],
      ['/lib/a.so', ONCE],
      ['/usr/bin/busybox', ONCE],
      ['/usr/lib2/lib/b.so', ONCE],
    ],
    problems: [],
  });
  expect(place(['/lib/b.so']).problems).toHaveLength(1);
  const twice = directory({ a: ROOT, b: ROOT });
  const builder = new ProfileBuilder('x', 'axfs', 'mapped');
  builder.touch('/bin/busybox', { first: 0, pages: 1 });
  expect(new ProfileTree(twice).place(builder.build()).problems).toHaveLength(1);
});

test('pages after the end are left out and reported', () => {
  const builder = new ProfileBuilder('x', 'smaps', 'mapped');
  builder.touch('/lib/a.so', { first: 1, pages: 4 });
  builder.touch('/lib/a.so', { first: 8, pages: 1 });
  const { profile, problems } = new ProfileTree(ROOT).place(builder.build());
  expect([...profile.files]).toEqual([['/lib/a.so', [{ first: 1, pages: 1, count: 1 }]]]);
  expect(problems).toEqual([{ path: '/lib/a.so', reason: 'touched beyond its end' }]);
});

test('as many pages as the file has are all of them; fewer are a number', () => {
  const builder = new ProfileBuilder('x', 'fincore', 'cached');
  builder.atLeast('/bin/busybox', 5);
  builder.touch('/bin/busybox', { first: 1, pages: 2, count: 3 });
  builder.atLeast('/lib/a.so', 1);
  const { profile } = new ProfileTree(ROOT).place(builder.build());
  expect([...profile.files]).toEqual([
    [
      '/usr/bin/busybox',
      [
        { first: 0, pages: 1, count: 1 },
        { first: 1, pages: 2, count: 3 },
        { first: 3, pages: 2, count: 1 },
      ],
    ],
  ]);
  expect([...profile.atLeast]).toEqual([['/lib/a.so', 1]]);
});
