import { nameToBytes } from 'cramfs-format';
import { expect, test } from 'vitest';
import { preloadFileNames, preloadNames, variable } from './preload.js';

test('LD_PRELOAD is a list with blanks or colons; the last one counts', () => {
  expect(preloadNames(['LD_PRELOAD=x', 'LD_PRELOAD= a.so:/b.so  c.so'])).toEqual([
    'a.so',
    '/b.so',
    'c.so',
  ]);
  expect(preloadNames(['XLD_PRELOAD=a', 'LD_PRELOAD='])).toEqual([]);
  expect(variable(['A=1', 'A=2=3'], 'A')).toBe('2=3');
});

test('ld.so.preload has comments', () => {
  expect(preloadFileNames(nameToBytes('a.so # one\n#b.so\n\tc.so:d.so'))).toEqual([
    'a.so',
    'c.so',
    'd.so',
  ]);
});
