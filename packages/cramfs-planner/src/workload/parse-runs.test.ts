import { expect, test } from 'vitest';
import { parseRun, runLines } from './parse-runs.js';

test.each([
  ['/bin/sh', { count: 1, argv: ['/bin/sh'] }],
  ['  2* bin/sh  -c  x ', { count: 2, argv: ['/bin/sh', '-c', 'x'] }],
  ['1000*a', { count: 1000, argv: ['/a'] }],
  ['a\\x20b', { count: 1, argv: ['/a b'] }],
  ['', undefined],
  ['3*', undefined],
  ['0*a', undefined],
  ['1001*a', undefined],
])('%j', (text, run) => {
  expect(parseRun(text)).toEqual(run);
});

test('lines of a list', () => {
  expect(runLines('# programs\n\n a\r\n  # b\n2*c')).toEqual([' a', '2*c']);
});
