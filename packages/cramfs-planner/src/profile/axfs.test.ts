import { expect, test } from 'vitest';
import { isAxfsLine, parseAxfs } from './axfs.js';

test('the example of the manual of mkfs.axfs', () => {
  const text =
    'bin/busybox,0,103\nbin/busybox,4096,103\nlib/ld-2.23.so,0,113\nbin/busybox,12288,1\n';
  expect(parseAxfs(text, 'p.csv')).toEqual({
    source: 'p.csv',
    format: 'axfs',
    kind: 'mapped',
    pageSize: 4096,
    faultAround: undefined,
    files: new Map([
      [
        '/bin/busybox',
        [
          { first: 0, pages: 2, count: 103 },
          { first: 3, pages: 1, count: 1 },
        ],
      ],
      ['/lib/ld-2.23.so', [{ first: 0, pages: 1, count: 113 }]],
    ]),
    atLeast: new Map(),
  });
});

test('headings, quotes, CRLF, `./` and commas in names', () => {
  const text =
    'Path,"Offset",Count\r\n"./bin/a ""b""",0,2\r\n./bin/c,d,"4096","7"\r\n\r\n"/e,f", 8192, 0\r\n"./g",0,1';
  expect([...parseAxfs(text, '').files]).toEqual([
    ['/bin/a "b"', [{ first: 0, pages: 1, count: 2 }]],
    ['/bin/c,d', [{ first: 1, pages: 1, count: 7 }]],
    ['/g', [{ first: 0, pages: 1, count: 1 }]],
  ]);
});

test('a page that is there twice counts twice; names are bytes', () => {
  const { files } = parseAxfs('./\xff,0,1\n./\xff,0,2\n', '');
  expect([...files]).toEqual([['/\xff', [{ first: 0, pages: 1, count: 3 }]]]);
});

test.each([
  ['bin/sh,0,1\nbin/sh,4096', 'line 2: not a page of AXFS: it should be PATH,OFFSET,COUNT'],
  ['bin/sh,0,1\npath,offset,count', 'line 2: not a page of AXFS'],
  ['bin/sh,0,1\n\nbin/sh,100,1', 'line 3: offset 100 is not a multiple of 4096'],
  ['bin/sh,9007199254740992,1', 'line 1: offset 9007199254740992'],
  ['bin/sh,0,4294967296', 'line 1: count 4294967296 is too large'],
  ['"bin/sh,0,1', 'line 1: not a page'],
])('%j: %s', (text, message) => {
  expect(() => parseAxfs(text, '')).toThrow(message);
});

test('is recognised by a page or the heading', () => {
  expect(['a,0,1', 'path,offset,count', '"a","0","1"\r'].every(isAxfsLine)).toBe(true);
  expect(['a,0', 'a,b,c', '', 'RES PAGES SIZE FILE'].some(isAxfsLine)).toBe(false);
});
