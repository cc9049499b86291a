import { expect, test } from 'vitest';
import { isVmtouchLine, parseVmtouch } from './vmtouch.js';

// Written by vmtouch 1.3.1 about a file of 201 pages with 0, 2, 16 to 25 and 100 cached, and one of four
// pages with 0 and 2 cached.
const OUTPUT =
  'many/f200\n' +
  '\r[o   OOo                  o                         ] 13/201' +
  '\r[o   OOo                  o                         ] 13/201\n' +
  'many/f3\n\r[O O ] 2/4\r[O O ] 2/4\n\n' +
  '           Files: 2\n     Directories: 1\n  Resident Pages: 15/205  60K/820K  7.32%\n' +
  '         Elapsed: 9.3e-05 seconds\n';

test('pages where the picture is certain', () => {
  expect(parseVmtouch(OUTPUT, 'v')).toEqual({
    source: 'v',
    format: 'vmtouch',
    kind: 'cached',
    pageSize: 4096,
    faultAround: undefined,
    files: new Map([
      ['/many/f200', [{ first: 16, pages: 8, count: 1 }]],
      [
        '/many/f3',
        [
          { first: 0, pages: 1, count: 1 },
          { first: 2, pages: 1, count: 1 },
        ],
      ],
    ]),
    atLeast: new Map([['/many/f200', 13]]),
  });
});

test('a file that is cached as a whole, to its last page', () => {
  const { files } = parseVmtouch(`/bin/busybox\n\r[${'O'.repeat(54)}] 484/484\n`, '');
  expect([...files]).toEqual([['/bin/busybox', [{ first: 0, pages: 484, count: 1 }]]]);
});

test('the sum of sizes gives the page size', () => {
  expect(parseVmtouch(OUTPUT.replace('820K', '12M'), '').pageSize).toBe(65536);
  expect(parseVmtouch(OUTPUT.replace(/205 .*/, '509  8K/1M  1%'), '').pageSize).toBe(4096);
});

test('errors', () => {
  const summary = OUTPUT.slice(OUTPUT.indexOf('\n\n'));
  expect(() => parseVmtouch(summary, '')).toThrow('no picture of pages: use vmtouch -v');
  expect(() => parseVmtouch('[O O ] 2/4\n', '')).toThrow('line 1: there is no name before it');
  expect(() => parseVmtouch('a\n[O O] 2/4\n', '')).toThrow(
    'line 2: the picture is not one of 4 pages: cut off?',
  );
});

test('is recognised', () => {
  expect(OUTPUT.split('\n').filter(isVmtouchLine)).toHaveLength(2);
});
