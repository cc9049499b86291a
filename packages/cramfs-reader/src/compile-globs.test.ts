import { isCramfsError } from 'cramfs-format';
import { describe, expect, test } from 'vitest';
import { compileGlobs } from './compile-globs.js';

describe('compileGlobs', () => {
  test.each([
    ['/bin/*', '/bin/sh', true],
    ['/bin/*', '/bin/x/sh', false],
    ['bin/*', '/bin/sh', true],
    ['bin/*', '/usr/bin/sh', false],
    ['**/bin/*', '/usr/bin/sh', true],
    ['*.so', '/usr/lib/libm.so', true],
    ['*.so', '/usr/lib.so/readme', false],
    ['/usr/**', '/usr/lib/.hidden/x', true],
    ['/usr/**', '/usr', true],
    ['/usr/lib/', '/usr/lib', true],
    ['**', '/', true],
    ['/', '/', true],
    ['/{a,b}?', '/b1', true],
    ['/[!a]', '/b', true],
    ['/[^a]', '/b', true],
    ['/[[:digit:]]', '/7', true],
    ['!/a', '/b', false],
    ['\\!a', '/!a', true],
    ['/a b', '/a b', true],
    ['/café', '/caf\xc3\xa9', true],
    ['/raw\\\\xff*', '/raw\xff1', true],
    ['/line\\\\x0aend', '/line\nend', true],
  ])('%j on %j: %s', (glob, path, expected) => {
    expect(compileGlobs([glob])(path)).toBe(expected);
  });

  test('any of several may match; none matches nothing', () => {
    const matches = compileGlobs(['/a', '*.b']);
    expect(['/a', '/x/y.b', '/c'].map(matches)).toEqual([true, true, false]);
    expect(compileGlobs([])('/a')).toBe(false);
  });

  test.each(['', '/[z-a]', '/a(b', '/a[b', '*'.repeat(70_000)])('refuses a bad glob', (glob) => {
    expect(() => compileGlobs([glob])).toThrow(
      expect.toSatisfy((error) => isCramfsError(error, 'BAD_REQUEST')),
    );
  });
});

test.each(['**/x', '/**/x'])('%s: any number of directories, or none', (glob) => {
  const matches = compileGlobs([glob]);
  expect(['/x', '/a/x', '/a/b/x', '/ax', '/x/a'].filter(matches)).toEqual(['/x', '/a/x', '/a/b/x']);
});

test('a directory with /** is itself and all below it', () => {
  const matches = compileGlobs(['lib/**']);
  expect(['/lib', '/lib/a', '/lib/a/b', '/libx', '/a/lib'].filter(matches)).toEqual([
    '/lib',
    '/lib/a',
    '/lib/a/b',
  ]);
});
