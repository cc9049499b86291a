import { expect, test } from 'vitest';
import { romMachine } from '../../../../test/helpers/emulator.js';
import { buildRawImage, directory, file, symlink } from '../../../../test/helpers/raw-image.js';
import { TmpfsSuperBlock } from '../fs/tmpfs/super.js';

/** Symlinks 1 to 41, each to the one before; 0 is the file. */
const chain = Object.fromEntries(
  Array.from({ length: 41 }, (_, at) => [`link${at + 1}`, symlink(`link${at}`)]),
);

const { bytes } = buildRawImage({
  d: directory({
    deep: directory({ file: file('content') }),
    up: symlink('../f'),
    root: symlink('/rom/d/deep'),
    self: symlink('self'),
    dangling: symlink('none'),
    slash: symlink('deep/'),
    'slash-file': symlink('../f/'),
  }),
  f: file('content'),
  chain: directory({ ...chain, link0: file('end') }),
});
const machine = romMachine(bytes);
const process = machine.spawn();

function pathOf(path: string): string {
  const opened = process.open(path);
  process.close(opened);
  return opened.path;
}

test.each([
  ['/rom/f', '/rom/f'],
  ['//rom///f', '/rom/f'],
  ['/rom/./d/./deep/.', '/rom/d/deep'],
  ['/rom/d/deep/../../f', '/rom/f'],
  ['/../../rom/f', '/rom/f'],
  ['/rom/d/deep/', '/rom/d/deep'],
  ['/rom/d/up', '/rom/f'],
  ['/rom/d/root/file', '/rom/d/deep/file'],
  ['/rom/d/root/../up', '/rom/f'],
  ['/rom/d/slash/file', '/rom/d/deep/file'],
  ['/rom/..//rom/d', '/rom/d'],
])('%s is %s', (path, resolved) => {
  expect(pathOf(path)).toBe(resolved);
});

test.each([
  ['/rom/none', 'ENOENT'],
  ['/none/f', 'ENOENT'],
  ['/', 'ENOENT'],
  ['', 'ENOENT'],
  ['/rom/d/dangling', 'ENOENT'],
  ['/rom/f/', 'ENOTDIR'],
  ['/rom/f/..', 'ENOTDIR'],
  ['/rom/f/none', 'ENOTDIR'],
  ['/rom/d/slash-file', 'ENOTDIR'],
  ['/rom/d/self', 'ELOOP'],
])('%s fails', (path, errno) => {
  expect(() => pathOf(path)).toThrow(errno);
});

test('a name has up to 255 bytes, a path less than 4096', () => {
  expect(() => pathOf(`/rom/${'n'.repeat(255)}`)).toThrow('ENOENT');
  expect(() => pathOf(`/rom/${'n'.repeat(256)}`)).toThrow('ENAMETOOLONG');
  expect(pathOf(`/rom/${'./'.repeat(2045)}`)).toBe('/rom');
  expect(() => pathOf(`/rom//${'./'.repeat(2045)}`)).toThrow('ENAMETOOLONG');
});

test('forty symlinks are followed, whether in a row or one after the other', () => {
  expect(pathOf('/rom/chain/link40')).toBe('/rom/chain/link0');
  expect(() => pathOf('/rom/chain/link41')).toThrow('ELOOP');
  const steps = 'root/../'.repeat(40).slice(0, -1);
  expect(pathOf(`/rom/d/${steps}`)).toBe('/rom/d');
  expect(() => pathOf(`/rom/d/${steps}/up`)).toThrow('ELOOP');
});

test('mounts: on directories, on nothing, over each other; `..` leads out of them', () => {
  const other = romMachine(bytes);
  const user = other.spawn();
  const low = other.mount('/rom/d', new TmpfsSuperBlock(other.phys));
  user.close(user.open('/rom/d/new', { write: true, create: true }));
  expect(() => user.open('/rom/d/deep')).toThrow('ENOENT');
  expect(user.open('/rom/d').inode).toBe(low.root);
  expect(user.open('/rom/d/../f').path).toBe('/rom/f');
  other.mount('/a/b', new TmpfsSuperBlock(other.phys));
  expect(user.open('/a/b').inode.isDirectory).toBe(true);
  expect(() => user.open('/a')).toThrow('ENOENT');
  expect(user.open('/a/b/../../rom/f').path).toBe('/rom/f');
});
