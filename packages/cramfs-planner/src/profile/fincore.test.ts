import { expect, test } from 'vitest';
import { isFincoreLine, parseFincore, parseFincoreJson } from './fincore.js';

// Written by fincore of util-linux 2.38.1.
const TABLE = `  RES PAGES   SIZE FILE
 124K    31 122.7K /bin/dash
 1.9M   484   1.9M x/bin/busybox
   4K     1     1B sp  ace
`;

test('how many pages of a file are cached, and not which', () => {
  expect(parseFincore(TABLE, 'f')).toEqual({
    source: 'f',
    format: 'fincore',
    kind: 'cached',
    pageSize: 4096,
    faultAround: undefined,
    files: new Map(),
    atLeast: new Map([
      ['/bin/dash', 31],
      ['/sp  ace', 1],
      ['/x/bin/busybox', 484],
    ]),
  });
});

test.each<[text: string, ...found: [string, number][]]>([
  [
    'RES PAGES SIZE FILE\n124K 31 122.7K /bin/da\\x20sh\n4K 1 1B b\\xffad\n',
    ['/b\xffad', 1],
    ['/bin/da sh', 31],
  ],
  ['31 125640 /bin/dash 126976\n'],
  ['PAGES FILE RES\n31 /bin/my  dash 126976\n', ['/bin/my  dash', 31]],
  [' 124K    31 122.7K /bin/dash\n', ['/bin/dash', 31]],
])('raw, without heading, with other columns: %j', (text, ...found) => {
  if (found.length === 0) expect(() => parseFincore(text, '')).toThrow('line 1: not a line');
  else expect(parseFincore(text, '').atLeast).toEqual(new Map(found));
});

test('--json, whose names are bytes', () => {
  const text = `{
   "fincore": [
      {
         "res": "64K",
         "pages": 1,
         "size": "12K",
         "file": "b\xffa\\\\x20d"
      },{ "res": 131072, "pages": "2", "size": 1, "file": "/bin/dash" }
   ]
}`;
  const { atLeast, pageSize } = parseFincoreJson(
    (JSON.parse(text) as { fincore: unknown }).fincore,
    '',
  );
  expect(pageSize).toBe(65536);
  expect(atLeast).toEqual(
    new Map([
      ['/b\xffa\\x20d', 1],
      ['/bin/dash', 2],
    ]),
  );
});

test('errors', () => {
  expect(() => parseFincore(`${TABLE} 124K    xx 122.7K /bin/dash\n`, '')).toThrow(
    'line 5: not a line of fincore: it should be RES PAGES SIZE FILE',
  );
  expect(() => parseFincoreJson([{ file: 'a', pages: 1 }, { file: 'a' }], '')).toThrow(
    'fincore[1]',
  );
  expect(() => parseFincoreJson([null], '')).toThrow('fincore[0]');
  expect(() => parseFincoreJson({}, '')).toThrow('not a list');
});

test('is recognised', () => {
  expect([' RES PAGES   SIZE FILE', ' 124K    31 122.7K /bin/dash'].every(isFincoreLine)).toBe(
    true,
  );
  expect(['', 'a,0,1', 'FILE'].some(isFincoreLine)).toBe(false);
});
