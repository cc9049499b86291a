import { isCramfsError, type CramfsError } from 'cramfs-format';
import { describe, expect, test } from 'vitest';
import {
  buildRawImage,
  directory,
  file,
  symlink,
  type RawImageOptions,
  type RawNode,
  type RawTree,
} from '../../../test/helpers/raw-image.js';
import { openImage, type CramfsImage } from './image.js';

function open(tree: RawTree, options: RawImageOptions = {}): CramfsImage {
  return openImage(buildRawImage(tree, options).bytes);
}

/** Paths of a walk and the errors it reports. */
function walk(image: CramfsImage): { paths: string[]; errors: CramfsError[] } {
  const errors: CramfsError[] = [];
  const onError = (error: CramfsError): void => {
    errors.push(error);
  };
  const paths = Array.from(image.walk(image.root, { onError }), ({ path }) => path);
  return { paths, errors };
}

function errorOf(action: () => unknown): CramfsError {
  try {
    action();
  } catch (error) {
    if (isCramfsError(error)) return error;
    throw error;
  }
  throw new Error('no error was thrown');
}

describe('walk', () => {
  test('from a directory or a file', () => {
    const image = open({ a: directory({ b: directory({ c: file('x') }) }) });
    const from = (path: string): string[] =>
      Array.from(image.walk(image.lookup(path)), (entry) => `${entry.path} ${entry.name}`);
    expect(from('/a')).toEqual(['/ ', '/b b', '/b/c c']);
    expect(from('/a/b/c')).toEqual(['/ ']);
  });

  test('names are given as they are', () => {
    const names = ['..', 'a/b', '\xff\x01', 'n'.repeat(252)];
    const image = open(names.map((name) => [name, file('x')] as const));
    expect(image.readDirectory(image.root).map(({ name }) => name)).toEqual(names);
  });

  test('a directory that holds itself, or its parent, is a loop', () => {
    const image = open({
      a: directory({ self: directory({}, { sameAs: '/a' }), up: directory({}, { sameAs: '/' }) }),
      b: file('x'),
    });
    const { paths, errors } = walk(image);
    expect(paths).toEqual(['/', '/a', '/a/self', '/a/up', '/b']);
    expect(errors).toMatchObject([
      { code: 'LOOP', path: '/a/self' },
      { code: 'LOOP', path: '/a/up' },
    ]);
    expect(errorOf(() => [...image.walk()])).toMatchObject({ code: 'LOOP', path: '/a/self' });
  });

  test('directories with two names do not double the walk at each level', () => {
    let node: RawNode = directory({ end: file('x') });
    let path = '/a'.repeat(60);
    for (let level = 60; level > 0; level -= 1) {
      node = directory({ a: node, b: directory({}, { sameAs: path }) });
      path = path.slice(0, -2);
    }
    const { paths, errors } = walk(open({ a: node }));
    expect(paths).toHaveLength(3 + 2 * 60);
    expect(errors).toHaveLength(60);
  });

  test('directories that overlap cannot take more than the image has', () => {
    // Every entry is a directory that starts at the next entry and goes on to the end: n entries
    // give n² / 2 without a limit.
    const count = 2000;
    const entries = Array.from({ length: count }, (_, index) => {
      const offset = 76 + 16 * (index + 1);
      const size = 16 * (count - index - 1);
      return ['d', directory({}, { inode: { offset: offset / 4, size } })] as const;
    });
    const { paths, errors } = walk(open(entries));
    expect(paths.length).toBeLessThan(3 * count);
    expect(errors.every(({ code }) => code === 'LOOP')).toBe(true);
    expect(errors.length).toBeGreaterThan(0);
  });

  test('deep nesting ends where paths end', () => {
    const nest = (depth: number): RawTree => {
      let tree: RawTree = {};
      for (let level = 0; level < depth; level += 1) tree = { ['n'.repeat(250)]: directory(tree) };
      return tree;
    };
    expect(walk(open(nest(16))).errors).toEqual([]);
    const { paths, errors } = walk(open(nest(20)));
    expect(paths).toHaveLength(18);
    expect(errors).toMatchObject([{ code: 'LOOP', message: 'directories are nested too deep' }]);
  });

  test('a damaged directory costs itself only', () => {
    const image = open([
      [
        'a',
        directory([
          ['1', file('x')],
          ['2', file('y', { rawName: new Uint8Array(4) })],
        ]),
      ],
      ['b', directory({}, { inode: { offset: 2 ** 26 - 1, size: 16 } })],
      ['c', file('x')],
    ]);
    const { paths, errors } = walk(image);
    expect(paths).toEqual(['/', '/a', '/a/1', '/b', '/c']);
    expect(errors.map(({ code, path }) => [code, path])).toEqual([
      ['BAD_ENTRY', '/a'],
      ['OUT_OF_RANGE', '/b'],
    ]);
  });
});

describe('lookup', () => {
  const image = open({
    bin: directory({ sh: file('shell'), ash: symlink('sh') }),
    usr: directory({
      bin: symlink('/bin'),
      lib: directory({
        up: symlink('../../bin/ash'),
        dot: symlink('./../lib/'),
        abs: symlink('/bin'),
      }),
    }),
    dangling: symlink('nowhere'),
    loop: symlink('loop'),
    ping: symlink('pong'),
    pong: symlink('./ping'),
    far: symlink('///usr//bin/./ash'),
    ...Object.fromEntries(
      Array.from({ length: 42 }, (_, index) => [
        `s${index}`,
        symlink(index === 0 ? 'bin' : `s${index - 1}`),
      ]),
    ),
  });
  const sh = image.lookup('/bin/sh');

  test.each([
    '/bin/sh',
    'bin/sh',
    '/bin/ash',
    '/usr/bin/sh',
    '/usr/bin/ash',
    '/usr/lib/up',
    '/far',
    '//bin///sh',
    '/../../bin/../bin/./sh',
    '/usr/lib/dot/dot/up',
    '/usr/lib/abs/../bin/sh',
    '/s39/sh',
  ])('%s is the shell', (path) => {
    expect(image.lookup(path)).toEqual(sh);
  });

  test.each(['/', '', '.', '..', '/usr/..', '/bin/../usr/lib/../..'])('%j is the root', (path) => {
    expect(image.lookup(path)).toBe(image.root);
  });

  test('the last symlink only when asked, others always', () => {
    const options = { followSymlinks: false };
    expect(image.lookup('/far', options).type).toBe('symlink');
    expect(image.lookup('/usr/bin', options).type).toBe('symlink');
    expect(image.lookup('/usr/bin/', options).type).toBe('directory');
    expect(image.lookup('/usr/bin/sh', options)).toEqual(sh);
    expect(image.lookup('/dangling', options).type).toBe('symlink');
  });

  test.each([
    ['/nothing', 'NOT_FOUND'],
    ['/bin/nothing/more', 'NOT_FOUND'],
    ['/dangling', 'NOT_FOUND'],
    ['/bin/sh/', 'WRONG_TYPE'],
    ['/bin/sh/x', 'WRONG_TYPE'],
    ['/bin/sh/..', 'WRONG_TYPE'],
    ['/loop', 'LOOP'],
    ['/ping', 'LOOP'],
    ['/s40/sh', 'LOOP'],
  ])('%s: %s', (path, code) => {
    expect(errorOf(() => image.lookup(path))).toMatchObject({ code, path });
  });

  test('of equal names Linux finds the first', () => {
    const twins = open([
      ['a', file('1')],
      ['a', file('22')],
    ]);
    expect(twins.lookup('/a').size).toBe(1);
  });

  test('entries before damage in a directory are found, those after it are not', () => {
    const damaged = open([
      ['a', file('1')],
      ['b', file('2', { inode: { namelen: 63 } })],
    ]);
    expect(damaged.lookup('/a').size).toBe(1);
    expect(errorOf(() => damaged.lookup('/c'))).toMatchObject({ code: 'BAD_ENTRY', path: '/c' });
  });

  test('an empty directory may have the offset of another one', () => {
    const shared = open({
      a: directory({}, { sameAs: '/b', inode: { size: 0 } }),
      b: directory({ c: file('x') }),
    });
    expect(errorOf(() => shared.lookup('/a/c')).code).toBe('NOT_FOUND');
    expect(shared.lookup('/b/c').size).toBe(1);
    expect(walk(shared).errors).toEqual([]);
  });

  test('names that are not components cannot be reached', () => {
    const hostile = open([
      ['..', file('x')],
      ['a/b', file('x')],
    ]);
    expect(hostile.lookup('/..')).toBe(hostile.root);
    expect(errorOf(() => hostile.lookup('/a/b')).code).toBe('NOT_FOUND');
  });
});
