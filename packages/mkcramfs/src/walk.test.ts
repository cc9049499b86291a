import { expect, test } from 'vitest';
import { directory, file } from '../../../test/helpers/trees.js';
import { walkTree } from './walk.js';

test('parents come first, names in bytewise order', () => {
  const tree = directory({
    b: directory({ z: file(''), '\xff': file(''), a: file('') }),
    'b-': file(''),
    a: file(''),
  });
  expect([...walkTree(tree)].map(({ path }) => path)).toEqual([
    '/',
    '/a',
    '/b',
    '/b/a',
    '/b/z',
    '/b/\xff',
    '/b-',
  ]);
});

test('children may be changed while their parent is current', () => {
  const tree = directory({ a: file('1'), b: file('2') });
  const seen: string[] = [];
  for (const { path } of walkTree(tree)) {
    seen.push(path);
    if (path === '/') {
      tree.children.delete('a');
      tree.children.set('c', file('3'));
    }
  }
  expect(seen).toEqual(['/', '/b', '/c']);
});

test('deep trees are no problem', () => {
  let tree = directory({});
  for (let depth = 0; depth < 20_000; depth += 1) tree = directory({ d: tree });
  let count = 0;
  for (const step of walkTree(tree)) count += step.entry.type === 'directory' ? 1 : 0;
  expect(count).toBe(20_001);
});
